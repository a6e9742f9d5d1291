"""The IP-XACT description of a package (IEEE 1685-2009, as Vivado's catalogue): streams, clock, reset, ports, files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

from accel.engines.ports import Port

SPIRIT = "http://www.spiritconsortium.org/XMLSchema/SPIRIT/1685-2009"
BUS = "s_axil"
"""The port of registers."""
LEVEL = {"SENSITIVITY": "LEVEL_HIGH"}
STREAM = ("tdata", "tvalid", "tready", "tlast", "tuser")
FILE_TYPES = {
    ".v": ("fileType", "verilogSource"),
    ".sv": ("fileType", "systemVerilogSource"),
    ".hex": ("userFileType", "mem"),
}
"""Of a file by its ending: whether the standard knows the type, and its name."""

Ports = Sequence[tuple[Port, str, str]]
"""Ports of the top, `in` or `out`, what each carries."""


def component(vlnv: str, description: str, ports: Ports, files: Iterable[str], memory: str, hertz: int) -> str:
    """`component.xml` of a package with these ports and files, which runs at `hertz`; `memory` is the default of the
    parameter for the folder of memory contents, empty where there is none. With ports of AXI4-Lite it describes the
    module that has registers.
    """
    names = sorted(files)
    root = ElementTree.Element(_spirit("component"))
    for tag, value in zip(("vendor", "library", "name", "version"), vlnv.split(":"), strict=True):
        _child(root, tag, value)
    top, registers = vlnv.split(":")[2], any(port.name.startswith(f"{BUS}_") for port, _, _ in ports)
    _buses(_child(root, "busInterfaces"), ports, hertz)
    if registers:
        _memory_map(_child(root, "memoryMaps"))
    model = _child(root, "model")
    own = [name for name in ("rtl", "memory", "axi_lite") if any(file.startswith(f"{name}/") for file in names)]
    _views(_child(model, "views"), f"{top}_axi_lite" if registers else top, f"{top}_bench", own)
    declared = _child(model, "ports")
    for port, end, carries in ports:
        _port(declared, port, end, carries)
    if memory:
        parameter = _child(_child(model, "modelParameters"), "modelParameter", dataType="string")
        _child(parameter, "name", "MEMORY")
        _child(parameter, "value", memory, id="MODELPARAM_VALUE.MEMORY")
    sets = _child(root, "fileSets")
    for name in (*own, "bench"):
        _files(sets, name, [file for file in names if file.startswith(f"{name}/") and _ending(file) in FILE_TYPES])
    _child(root, "description", description)
    ElementTree.register_namespace("spirit", SPIRIT)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _spirit(name: str) -> str:
    return f"{{{SPIRIT}}}{name}"


def _child(parent: ElementTree.Element, tag: str, text: str | None = None, **attributes: str) -> ElementTree.Element:
    made = ElementTree.SubElement(parent, _spirit(tag), {_spirit(key): value for key, value in attributes.items()})
    made.text = text
    return made


def _buses(parent: ElementTree.Element, ports: Ports, hertz: int) -> None:
    """A bus interface for each stream, for the clock and for the reset, by the names that Xilinx gives their kinds."""
    names = {port.name: end for port, end, _ in ports}
    streams = [name.removesuffix("_tdata") for name in names if name.endswith("_tdata")]
    for stream in streams:
        maps = {part.upper(): f"{stream}_{part}" for part in STREAM if f"{stream}_{part}" in names}
        end = "master" if names[f"{stream}_tdata"] == "out" else "slave"
        _bus(parent, stream, ("interface", "axis"), end, maps, {})
    bus = {name.removeprefix(f"{BUS}_").upper(): name for name in names if name.startswith(f"{BUS}_")}
    if bus:
        _bus(parent, BUS, ("interface", "aximm"), "slave", bus, {"PROTOCOL": "AXI4LITE"})
        _bus(parent, "interrupt", ("signal", "interrupt"), "master", {"INTERRUPT": "interrupt"}, LEVEL)
    with_clock = ":".join([*streams, *([BUS] if bus else [])])
    clock = {"ASSOCIATED_BUSIF": with_clock, "ASSOCIATED_RESET": "reset", "FREQ_HZ": str(hertz)}
    _bus(parent, "clk", ("signal", "clock"), "slave", {"CLK": "clk"}, clock)
    _bus(parent, "reset", ("signal", "reset"), "slave", {"RST": "reset"}, {"POLARITY": "ACTIVE_HIGH"})


def _bus(
    parent: ElementTree.Element,
    name: str,
    kind: tuple[str, str],
    end: str,
    maps: dict[str, str],
    parameters: dict[str, str],
) -> None:
    bus, (library, kind_name) = _child(parent, "busInterface"), kind
    _child(bus, "name", name)
    for tag, suffix in (("busType", ""), ("abstractionType", "_rtl")):
        _child(bus, tag, vendor="xilinx.com", library=library, name=kind_name + suffix, version="1.0")
    side = _child(bus, end)
    if name == BUS:
        _child(side, "memoryMapRef", memoryMapRef=BUS)
    ports = _child(bus, "portMaps")
    for logical, physical in maps.items():
        pair = _child(ports, "portMap")
        _child(_child(pair, "logicalPort"), "name", logical)
        _child(_child(pair, "physicalPort"), "name", physical)
    if parameters:
        held = _child(bus, "parameters")
        for key, value in parameters.items():
            one = _child(held, "parameter")
            _child(one, "name", key)
            _child(one, "value", value, id=f"BUSIFPARAM_VALUE.{name.upper()}.{key}")


def _memory_map(parent: ElementTree.Element) -> None:
    """The registers as a block of addresses; what is in it is on the registers' own page."""
    made = _child(parent, "memoryMap")
    _child(made, "name", BUS)
    block = _child(made, "addressBlock")
    for tag, text in {"name": "registers", "baseAddress": "0", "range": "4096", "width": "32"}.items():
        _child(block, tag, text, **({"format": "long"} if tag != "name" else {}))
    _child(block, "usage", "register")


def _views(parent: ElementTree.Element, top: str, bench: str, own: Sequence[str]) -> None:
    for view, use, module, sets in (
        ("xilinx_anylanguagesynthesis", "synthesis", top, own),
        ("xilinx_anylanguagebehavioralsimulation", "simulation", top, own),
        ("xilinx_testbench", "simulation.testbench", bench, ["bench"]),
    ):
        made = _child(parent, "view")
        _child(made, "name", view)
        _child(made, "envIdentifier", f":vivado.xilinx.com:{use}")
        _child(made, "language", "verilog")
        _child(made, "modelName", module)
        for name in sets:
            _child(_child(made, "fileSetRef"), "localName", name)


def _port(parent: ElementTree.Element, port: Port, end: str, carries: str) -> None:
    made = _child(parent, "port")
    _child(made, "name", port.name)
    _child(made, "description", carries)
    wire = _child(made, "wire")
    _child(wire, "direction", end)
    if port.width > 1:
        vector = _child(wire, "vector")
        _child(vector, "left", str(port.width - 1), format="long")
        _child(vector, "right", "0", format="long")


def _files(parent: ElementTree.Element, name: str, files: Sequence[str]) -> None:
    if not files:
        return
    made = _child(parent, "fileSet")
    _child(made, "name", name)
    for file in files:
        one = _child(made, "file")
        _child(one, "name", file)
        _child(one, *FILE_TYPES[_ending(file)])


def _ending(file: str) -> str:
    return file[file.rindex(".") :]
