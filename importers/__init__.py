"""Files in, files out: workbooks and text tables, never the database."""
