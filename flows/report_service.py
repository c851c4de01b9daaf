"""`preactive reports serve`: the report files, for the links in the Prefect UI."""

import uvicorn

from flows.embedded import home
from flows.listening import address, listening
from flows.login import CLIENT_LOGIN, client_env
from tasks import resources


def serve(*, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM, to whoever has the login of the Prefect server."""
    app = resources.report_app(login=client_env(home())[CLIENT_LOGIN])
    config = uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off", server_header=False)
    with listening("report service", host, port) as listener:
        print(f"Reports: {address(listener)} (sign in as in the Prefect UI)", flush=True)
        uvicorn.Server(config).run(sockets=[listener])
