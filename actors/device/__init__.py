"""Answers without a network: recognition, commands and speech on the device."""

from actors.device.actor import Device
from actors.device.options import DeviceOptions

__all__ = ["Device", "DeviceOptions"]
