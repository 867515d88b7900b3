"""What the robot sees: a camera, a video file, a row of pictures or a stream from the network."""

from actors.inputs.camera.actor import Camera
from actors.inputs.camera.options import CameraOptions

__all__ = ["Camera", "CameraOptions"]
