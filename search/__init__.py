"""Words: analysis, the query language, snippets, and index engines behind one protocol.

Imported as ``ecm.search``. This room knows nothing of documents, cards or databases.
"""

if __name__ == "search":
    raise ImportError(
        "import this package as `ecm.search`: two copies of its errors would never catch each other"
    )
