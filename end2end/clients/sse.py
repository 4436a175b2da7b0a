"""Follows a job with the sseclient package: sse.py URL JOB. Prints each event's number, then how the job ended."""

import json
import sys
import time

from requests.exceptions import ConnectionError
from sseclient import SSEClient

url, job = sys.argv[1:]
last = None
seq = 0


def take(event):
    """Prints what is new; whether the job is over."""
    global seq
    # After a cut this package joins the whole lines of a broken message to the next one.
    for message in map(json.loads, event.data.splitlines()):
        for payload in (payload for frame in message.get("frames", []) for payload in frame["events"]):
            # Repeated events are dropped; a missing one would be noticed.
            if payload["seq"] > seq:
                seq = payload["seq"]
                print("event", seq)
        if message["kind"] == "closed":
            print("closed", message["status"])
            return True
    return False


while True:
    try:
        for event in SSEClient(f"{url}/api/events?job={job}&after=0.0&replay=all", last_id=last, retry=50):
            last = event.id or last
            if take(event):
                sys.exit()
    except ConnectionError:
        # The connection was cut before the answer began; this package leaves that to its caller.
        time.sleep(0.05)
