"""Files in (CSV, Excel, vendor files) and reports out. Empty, so that the child that parses workbooks stays light."""
