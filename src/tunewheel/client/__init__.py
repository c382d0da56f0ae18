"""A Python client of a Tunewheel server. Needs httpx and nothing else; loads no torch.

from tunewheel.client import Client
with Client("http://127.0.0.1:8321") as client:
    print(client.predict("Where is my card?").label)
"""

from .answers import Answer, Entity, Served
from .client import Client, Row

__all__ = ["Answer", "Client", "Entity", "Row", "Served"]
