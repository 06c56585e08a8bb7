"""Bytes: local disk and S3 behind one protocol, and exact quotas around either.

Imported as ``ecm.storage``. This room knows nothing of documents, companies or databases.
"""

if __name__ == "storage":
    raise ImportError(
        "import this package as `ecm.storage`: two copies of its errors would never catch each other"
    )
