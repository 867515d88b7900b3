"""The actors that come with greenroom: the name used in a config, and the class behind it."""

ACTORS = {
    "microphone": "actors.inputs.microphone:Microphone",
    "recording": "actors.inputs.recording:RecordedInput",
    "camera": "actors.inputs.camera:Camera",
    "console": "actors.inputs.console:Console",
    "echo": "actors.hearing.echo:Echo",
    "wake": "actors.hearing.wake:Wake",
    "vad": "actors.hearing.vad:Vad",
    "live": "actors.backends.gemini.live.actor:Live",
    "http": "actors.backends.gemini.http:Http",
    "device": "actors.backends.on_device:Device",
    "tools": "actors.services.tools:Tools",
    "budget": "actors.services.budget:Budget",
    "speaker": "actors.outputs.speaker:Speaker",
    "virtual_speaker": "actors.outputs.virtual:VirtualSpeaker",
    "wav_sink": "actors.outputs.wav_file:WavSink",
    "recorder": "actors.services.recorder:Recorder",
    "gateway": "actors.gateway:Gateway",
    "metrics": "actors.services.metrics:Metrics",
    "simulator": "actors.simulator:Simulator",
}
