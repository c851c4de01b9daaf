"""The store's version, apart from the tables so that reading it costs nothing."""

HEAD = "0005"
KNOWN = ("0001", "0005")
