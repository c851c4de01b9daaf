"""The header names that are known, as header_key() makes them: without case, blanks and punctuation."""

import re

# Seen in exports of operators, platforms and SIM vendors, the preferred one first.
ALIASES: dict[str, tuple[str, ...]] = {
    "iccid": (
        *("iccid", "iccidnumber", "iccidnr", "iccidno", "iccidsim", "simiccid", "simnumbericcid", "simcardiccid"),
        *("simnumber", "simcardnumber", "simid", "simcardid", "sernb", "integratedcircuitcardidentifier"),
        *("karteniccid", "kartennr", "kartennummer", "simkartennr", "simkartennummer", "numerosim", "numerodesim"),
    ),
    "name": (
        *("name", "simname", "endpointname", "devicename", "displayname", "wirelessusername", "username"),
        *("deviceuser", "label", "bezeichnung", "nombre", "nom"),
    ),
    "tags": ("tags", "tag", "simtags", "simtag"),
    "eid": ("eid", "euiccid", "eidnumber", "esimeid", "eideid"),
    "smdp_address": (
        *("smdpaddress", "smdpplusaddress", "smdpplusadress", "smdpadress", "smdp", "smdpplus", "smdpfqdn"),
        *("smdpserver", "smdpplusserver", "smdpurl", "smdpplusurl", "smdpuri", "smdpplusuri", "smdphost"),
        *("smdpplushost", "smdpplusfqdn", "defaultsmdpaddress", "rspaddress"),
    ),
    "matching_id": ("matchingid", "esimmatchingid", "activationtoken", "actoken"),
    "activation_code": (
        *("lpastring", "activationcode", "lpacode", "esimactivationcode", "qrcode", "qrcodetext", "textqrcode"),
        *("qrcodestring", "qrcodedata", "ac"),
    ),
}

# Names that mean the ICCID where no better one stands in the file.
WIDER_ICCID_NAMES = frozenset(
    {
        *(
            "icc",
            "iccnr",
            "iccno",
            "iccnumber",
            "iccnum",
            "iccserial",
            "iccserialnumber",
            "ccid",
            "ccidnumber",
            "uiccid",
        ),
        *("identifier", "simidentifier", "ssn", "simssn", "simserial", "simserialnumber", "simserialno", "simserialnr"),
        *("serialnumber", "serialno", "serialnr", "cardnumber", "cardno", "cardnr", "cardid", "cardserialnumber"),
        *(
            "simno",
            "simnr",
            "simnum",
            "simcardno",
            "simcardnr",
            "simcardserialnumber",
            "simcard",
            "simcode",
            "simiccidnumber",
        ),
        *("seriennummer", "simseriennummer", "numerodeserie", "numerodeseriesim", "numerodeseriedelasim"),
        *("numerodecarte", "numerocartesim", "numerodecartesim", "ncartesim", "numerotarjeta", "numerodetarjetasim"),
        *(
            "numeroiccid",
            "niccid",
            "noiccid",
            "codiceiccid",
            "numeroserialesim",
            "numericcid",
            "numersim",
            "numerkartysim",
        ),
        *("iccids", "iccidcode", "iccidssn", "esimiccid", "profileiccid", "primaryiccid", "cardiccid", "uicciccid"),
        *("integratedcircuitcardid", "integratedcircuitcardidentification", "integratedcircuitcardidentity"),
    }
)
# "ICCID (19 digits)", "ICCID 20-stellig", "SIM ICCID incl. check digit", "ICCID with Luhn"
_QUALIFIED_ICCID = re.compile(
    r"(?:e?sim|e?uicc|profile|card|karten)?(?:icc|iccid|ccid)(?:id)?(?:number|num|nummer|no|nr)?"
    r"(?:(?:1[89]|20|18or19|19or20|1920)(?:digits?|stellig|stellen|dig|chars?|characters)?)?"
    r"(?:(?:incl|including|with|without|w|wo|mit|ohne)?(?:luhn|check(?:digit|sum)|pruefziffer|prufziffer))?"
)

_FIRST = r"(?:first|start|starting|from|begin|beginning|lower|low|erste|von|desde|premier|primer|du)"
_LAST = r"(?:last|end|ending|to|until|stop|final|upper|high|letzte|bis|hasta|dernier|ultimo|au)"
_NUMBER = r"(?:sim)?(?:icc|iccid|ccid|simnumber|simcardnumber|serialnumber|cardnumber|ssn)(?:number|no|nr)?"
_FIRST_ICCID = re.compile(rf"{_FIRST}{_NUMBER}|{_NUMBER}(?:range)?{_FIRST}")
_LAST_ICCID = re.compile(rf"{_LAST}{_NUMBER}|{_NUMBER}(?:range)?{_LAST}")
BARE_LAST = frozenset({"to", "last", "end", "until", "bis", "ending", "rangeend"})
QUANTITY_NAMES = frozenset(
    {
        *("quantity", "qty", "menge", "anzahl", "quantite", "cantidad", "stueckzahl", "stuckzahl", "numberofsims"),
        *("simcount", "noofsims", "sims", "pcs", "pieces"),
    }
)
ACTION_NAMES = frozenset(
    {
        *("action", "operation", "command", "aktion", "vorgang", "befehl", "accion", "changetype", "transactiontype"),
        *("status", "simstatus", "state", "simstate", "cardstatus", "lifecyclestatus", "lifecyclestate", "lifecycle"),
        *("statut", "estado", "zustand", "kartenstatus", "condition", "stato"),
    }
)


def is_wider_iccid(key: str) -> bool:
    """Tell whether a name means the ICCID if no better one stands beside it."""
    return key in WIDER_ICCID_NAMES or _QUALIFIED_ICCID.fullmatch(key) is not None


def is_first_iccid(key: str) -> bool:
    """Tell whether a column holds the first ICCID of a range."""
    return _FIRST_ICCID.fullmatch(key) is not None


def is_last_iccid(key: str) -> bool:
    """Tell whether a column holds the last ICCID of a range."""
    return _LAST_ICCID.fullmatch(key) is not None
