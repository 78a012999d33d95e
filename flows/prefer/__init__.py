"""`motionsight prefer`: the page on which people choose between two descriptions, on Starlette and uvicorn.

The server takes no part in what is chosen: `motionsight_core.preference` keeps the choices and holds the page.
"""
