"""What a server tells of itself, without being asked."""

import asyncio
from types import SimpleNamespace

from tunewheel.web import metrics


def test_gauges_are_read_every_moment_so_that_another_process_can_tell_of_them(monkeypatch):
    monkeypatch.setattr(metrics, "EVERY_SECONDS", 0.01)
    service = SimpleNamespace(version="v0001", task="keyword", waiting=3, ready=True, beside={})
    kept = metrics.Metrics(service)

    def told(name, **labels):
        return kept.registry.get_sample_value(name, labels)

    async def changes():
        looking = asyncio.create_task(kept.keep_looking())
        service.waiting, service.ready, service.version = 0, False, "v0002"
        await asyncio.sleep(0.1)
        looking.cancel()

    assert told("tunewheel_queue_rows") == 3.0
    asyncio.run(changes())
    assert (told("tunewheel_queue_rows"), told("tunewheel_ready")) == (0.0, 0.0)
    assert told("tunewheel_version", version="v0001", task="keyword") == 0.0
    assert told("tunewheel_version", version="v0002", task="keyword") == 1.0
