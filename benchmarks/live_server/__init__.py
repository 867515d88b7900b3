"""A server of Gemini's protocols that costs a tenth of the simulator, in a process of its own.

The simulator does more for each message; with many sessions it would be what is measured. One
socket, one process and two kinds of conversation:

    crowd   many callers: keeps what came, and answers each turn at once with a tone
    talk    a few speakers: knows what is spoken to it, and answers in real time
"""
