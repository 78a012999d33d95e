"""`motionsight prefer`: a page on which people choose between two descriptions, on Starlette and uvicorn.

`motionsight_core.preference` keeps the choices and holds the page's files.
"""
