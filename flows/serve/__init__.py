"""`motionsight serve`: the method behind an OpenAI-compatible address, on Starlette and uvicorn.

The server takes no part in the method and knows neither Beam nor Prefect: `motionsight_core.serving` reads a
request and answers it.
"""
