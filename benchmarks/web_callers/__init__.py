"""Many people on web sites: a process that holds a WebSocket for each of them, and lets them talk.

It does what `page/caller.js` does: sound as binary messages, a connection that is lost is made
again, and the session is the same.
"""
