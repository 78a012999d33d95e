"""Multiple-choice questions in MotionBench's form: their words, letters and file, and how they are made.

    from motionsight_core.benchmark_questions.asked import AskedQuestion
    from motionsight_core.benchmark_questions.letters import balanced_letters

    options = ("It pans left", "It pans right", "It tilts up", "It tilts down")
    asked = AskedQuestion("Camera Motion", "How does the camera move?", options, right=0)
    print(balanced_letters({"q1": asked}, seed=0))

Questions about rendered scenes (`synthetic.questions`) and about the clips of a data set share words, letters
and file.
"""
