"""What the flex template's image runs: the launcher of the installed package."""

from flows.dataflow_template import main

main()
