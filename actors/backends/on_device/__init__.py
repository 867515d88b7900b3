"""Answers without a network: recognition, commands and speech on the device."""

from actors.backends.on_device.actor import Device
from actors.backends.on_device.options import DeviceOptions

__all__ = ["Device", "DeviceOptions"]
