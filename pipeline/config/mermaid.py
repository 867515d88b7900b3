"""Mermaid diagram of the wiring."""

from __future__ import annotations

from collections import defaultdict

from pipeline.config.graph import SUPERVISOR, Graph


def mermaid(graph: Graph) -> str:
    """Return a flowchart: one box an actor, one arrow for each pair, labelled with its ports."""
    lines = ["flowchart LR"]
    for name, node in graph.nodes.items():
        kind = f"<br/>{node.config.use}" if node.config.use != name else ""
        shape = (
            f'{name}[["{name}{kind} (external)"]]' if node.external else f'{name}["{name}{kind}"]'
        )
        lines.append(f"    {shape}")
    ports: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, node in graph.nodes.items():
        for _, ref in node.wires:
            if ref.port not in ports[(ref.actor, name)]:
                ports[(ref.actor, name)].append(ref.port)
    if any(producer == SUPERVISOR for producer, _ in ports):
        lines.append(f"    {SUPERVISOR}{{{{{SUPERVISOR}}}}}")
    for (producer, consumer), names in ports.items():
        lines.append(f"    {producer} -->|{', '.join(names)}| {consumer}")
    return "\n".join(lines) + "\n"
