"""The prompts every hotline needs, whatever its menus: said by the flow, or by the part of the dialplan all cities share."""

FLOW = ("nomatch", "noinput")
SHARED = (
    "recording-notice",
    "all-busy",
    "offer-voicemail",
    "voicemail-notice",
    "voicemail-received",
    "voicemail-unavailable",
    "fax-ready",
    "fax-failed",
    "transfer-failed",
    "goodbye",
)
REQUIRED = (*FLOW, *SHARED)
SATISFACTION = "satisfaction"  # said only where a queue asks
