"""Follows a job with the sseclient package: sse.py URL JOB. Prints each event's number, then how the job ended."""

import json
import sys

from sseclient import SSEClient

url, job = sys.argv[1:]
seq = 0
for event in SSEClient(f"{url}/api/events?job={job}&after=0.0&replay=all", retry=50):
    # After a cut this package joins the whole lines of a broken message to the next one.
    for message in map(json.loads, event.data.splitlines()):
        for payload in (payload for frame in message.get("frames", []) for payload in frame["events"]):
            # What comes again is dropped; what is missing would show.
            if payload["seq"] > seq:
                seq = payload["seq"]
                print("event", seq)
        if message["kind"] == "closed":
            print("closed", message["status"])
            sys.exit()
