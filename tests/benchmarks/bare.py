"""A service that knows nothing, as a yardstick: it reads a call and answers always the same.

`tests/benchmarks/service.py` runs it beside the real one, so that machines can be compared.
"""

from __future__ import annotations

import json

from fastapi import FastAPI, Request, Response

ANSWER = json.dumps({"cards": [{"summary": "x" * 140, "detail": "y" * 5000}]}).encode()

app = FastAPI()


@app.post("/cds-services/{id}")
async def call(id: str, request: Request) -> Response:  # noqa: A002 (the name in the URL)
    """Answer a hook with one card."""
    json.loads(await request.body())
    return Response(ANSWER, media_type="application/json")


@app.get("/ready")
async def ready() -> dict[str, bool]:
    """Tell that it answers."""
    return {"ready": True}
