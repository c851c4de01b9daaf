"""What the simulated account owns besides SIMs and endpoints. All ids here are INVENTED except 12 and 1."""

from adapters.platforms.simulator import model

BASE_PLANS = {"123456": "Base plan", "DEFAULTPRE1": "Default prepaid plan"}
ADDON_PLANS = {"654321": "Add-on 1 GB", "654322": "Add-on 5 GB"}
ADDON_BYTES = {"654321": 10**9, "654322": 5 * 10**9}
ROAMING_PROFILES = {"1234": "Roaming profile Europe"}
APN_GROUPS = {"PDP_1": "bicsapn"}

# 12 (Pre-Active) and 1 (attached) are the platform's own; the rest are in the 900s so that nobody takes them for real.
SIM_STATUS_IDS = {
    "12": model.PRE_ACTIVE,
    "901": model.READY,
    "902": model.ACTIVE,
    "903": model.SUSPENDED,
    "904": model.ACTIVE_INVENTORY,
    "905": model.ACTIVE_TEST,
}
ATTACH_STATUS_IDS = {"1": True, "900": False}

# Lifecycle letter -> target, and the states from which the simulator allows the move (INVENTED where no source speaks).
LIFECYCLES = {"A": model.ACTIVE, "S": model.SUSPENDED, "AI": model.ACTIVE_INVENTORY}
MOVES = {
    model.ACTIVE: {model.PRE_ACTIVE, model.SUSPENDED, model.ACTIVE_INVENTORY, model.ACTIVE_TEST},
    model.SUSPENDED: {model.ACTIVE, model.ACTIVE_TEST},
    model.ACTIVE_INVENTORY: {model.PRE_ACTIVE, model.ACTIVE},
}
FIRST_ACTIVATION = {model.PRE_ACTIVE, model.ACTIVE_TEST}
REASONS = {"1", "2", "3"}
