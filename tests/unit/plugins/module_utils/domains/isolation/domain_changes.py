# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Changes of the definition of the guest ``archive``, each with the aspect that they spoil, or leave as good as it was.

A change is the aspect, what is there, what comes in its place, the status, and a part of the message.
"""

from __future__ import annotations

NO_QUOTA = "<quota>100000</quota>"
NO_LIMIT = """<iotune>
        <total_bytes_sec>104857600</total_bytes_sec>
        <total_iops_sec>2000</total_iops_sec>
      </iotune>"""
FILTER = "<filterref filter='clean-traffic'/>"
LISTEN = "<listen type='address' address='127.0.0.1'/>"
VNC = """<graphics type='vnc' port='5900' autoport='yes' listen='127.0.0.1'>
      <listen type='address' address='127.0.0.1'/>
    </graphics>"""
LABEL = "<seclabel type='dynamic' model='apparmor' relabel='yes'>"
LABELS = """<seclabel type='dynamic' model='apparmor' relabel='yes'>
    <label>libvirt-5f1c1f3a-6f0e-4c39-9a1e-0d6d3f9a2b11</label>
    <imagelabel>libvirt-5f1c1f3a-6f0e-4c39-9a1e-0d6d3f9a2b11</imagelabel>
  </seclabel>"""
AGENT = """<channel type='unix'>
      <target type='virtio' name='org.qemu.guest_agent.0'/>
    </channel>"""
VDAGENT = "<channel type='spicevmc'><target type='virtio' name='com.redhat.spice.0'/></channel>"
LOADER = "<loader readonly='yes' secure='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.ms.fd</loader>"
TPM = "<backend type='emulator' version='2.0'/>"
RNG = "<rng model='virtio'>"
DOMAIN = "<domain type='kvm' id='7'>"
QEMU = "<domain type='kvm' id='7' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>"
END = "</domain>"
DEVICE = (
    "<hostdev mode='subsystem' type='{}' managed='yes'><source><address domain='0x0000' bus='0x3b' slot='0x00' function='0x0'/>"
    "</source></hostdev>"
)


def before(element, added):
    return element, f"{added}{element}"


CHANGES = [
    # -- confinement
    ("confinement", LABELS, "<seclabel type='none'/>", "fail", "asks not to be confined"),
    ("confinement", LABELS, "<seclabel type='none' model='apparmor'/>", "fail", "asks not to be confined"),
    ("confinement", LABELS, "", "fail", "runs without AppArmor and SELinux"),
    ("confinement", LABELS, "<seclabel type='dynamic' model='dac' relabel='yes'/>", "fail", "runs without AppArmor and SELinux"),
    ("confinement", LABEL, "<seclabel type='static' model='apparmor' relabel='yes'>", "fail", "is static"),
    (
        "confinement",
        *before(LABEL, "<seclabel type='static' model='dac' relabel='yes'><label>root:root</label></seclabel>"),
        "fail",
        "runs as root",
    ),
    ("confinement", LABELS, "<seclabel type='dynamic' model='selinux' relabel='yes'/>", "pass", ""),
    # -- bounds
    ("processors", NO_QUOTA, "", "fail", "every processor"),
    ("processors", NO_QUOTA, "<quota>-1</quota>", "fail", "every processor"),
    ("processors", NO_QUOTA, "<global_quota>100000</global_quota>", "pass", ""),
    ("processors", NO_QUOTA, "<vcpupin vcpu='0' cpuset='2'/><vcpupin vcpu='1' cpuset='3'/>", "pass", ""),
    ("processors", NO_QUOTA, "<vcpupin vcpu='0' cpuset='2'/>", "fail", "every processor"),
    ("memory", "<nosharepages/>", "<nosharepages/><locked/>", "pass", ""),
    ("memory", "<nosharepages/>\n  </memoryBacking>", "<nosharepages/><locked/></memoryBacking><!--", "fail", "without a hard_limit"),
    ("pages", "<nosharepages/>", "", "fail", "may be merged"),
    ("disks", NO_LIMIT, "", "fail", "vda has no limit"),
    ("disks", NO_LIMIT, "<iotune><total_bytes_sec>0</total_bytes_sec></iotune>", "fail", "vda has no limit"),
    ("disks", NO_LIMIT, "<iotune><read_bytes_sec>1048576</read_bytes_sec></iotune>", "fail", "vda has no limit"),
    ("disks", NO_LIMIT, "<iotune><read_iops_sec>500</read_iops_sec><write_iops_sec>500</write_iops_sec></iotune>", "pass", ""),
    ("bandwidth", "<inbound average='12800' peak='25600' burst='1024'/>", "", "fail", "has no limit inbound"),
    ("bandwidth", "<outbound average='12800'/>", "", "fail", "has no limit outbound"),
    # -- network
    ("filters", FILTER, "", "fail", "has no filter"),
    ("filters", FILTER, "<filterref filter='allow-arp'/>", "fail", "has the filter allow-arp"),
    ("filters", FILTER, "<filterref filter='clean-traffic-gateway'/>", "pass", ""),
    ("ports", "<port isolated='yes'/>", "", "fail", "reaches the other guests"),
    ("ports", "<port isolated='yes'/>", "<port isolated='no'/>", "fail", "reaches the other guests"),
    # -- shared with the host or its console
    ("devices", *before(RNG, DEVICE.format("pci")), "fail", "the pci device 0000:3b:00.0"),
    (
        "directories",
        *before(RNG, "<filesystem type='mount'><source dir='/srv/exchange'/><target dir='exchange'/></filesystem>"),
        "fail",
        "the directory /srv/exchange of the host is shared by path",
    ),
    (
        "directories",
        *before(RNG, "<shmem name='exchange'><model type='ivshmem-plain'/><size unit='M'>4</size></shmem>"),
        "fail",
        "the memory exchange is shared",
    ),
    ("channels", *before(RNG, VDAGENT), "fail", "the channel com.redhat.spice.0"),
    (
        "channels",
        AGENT,
        "<channel type='spiceport'><source channel='org.spice-space.webdav.0'/>"
        "<target type='virtio' name='org.spice-space.webdav.0'/></channel>",
        "fail",
        "org.spice-space.webdav.0",
    ),
    ("channels", *before(RNG, "<redirdev bus='usb' type='spicevmc'/>"), "fail", "usb devices of whoever has the console"),
    ("channels", *before(RNG, "<smartcard mode='passthrough' type='spicevmc'/>"), "fail", "a smart card"),
    (
        "channels",
        *before(
            RNG,
            "<channel type='qemu-vdagent'><source><clipboard copypaste='yes'/></source>"
            "<target type='virtio' name='com.redhat.spice.0'/></channel>",
        ),
        "fail",
        "the clipboard is shared",
    ),
    ("channels", AGENT, "", "pass", ""),
    # -- consoles
    ("consoles", LISTEN, "<listen type='address' address='0.0.0.0'/>", "fail", "listens on 0.0.0.0 without TLS"),
    ("consoles", LISTEN, "<listen type='address' address='::'/>", "fail", "listens on :: without TLS"),
    ("consoles", LISTEN, "<listen type='address' address='10.0.0.5'/>", "fail", "listens on 10.0.0.5"),
    ("consoles", LISTEN, "<listen type='network' network='management'/>", "fail", "listens on network:management"),
    ("consoles", LISTEN, "<listen type='address' address='::1'/>", "pass", ""),
    ("consoles", VNC, "<graphics type='vnc'><listen type='socket' socket='/run/archive.sock'/></graphics>", "pass", ""),
    ("consoles", VNC, "<graphics type='spice'><listen type='none'/></graphics>", "pass", ""),
    ("consoles", VNC, "<graphics type='vnc' port='-1'/>", "pass", ""),
    ("consoles", VNC, "<graphics type='egl-headless'/>", "pass", ""),
    ("consoles", VNC, "<graphics type='spice' tlsPort='5901' listen='10.0.0.5'/>", "fail", "listens on 10.0.0.5"),
    ("consoles", VNC, "<graphics type='spice' tlsPort='5901' listen='10.0.0.5' defaultMode='secure'/>", "pass", ""),
    (
        "consoles",
        *before(RNG, "<serial type='tcp'><source mode='bind' host='0.0.0.0' service='4555'/><protocol type='telnet'/></serial>"),
        "fail",
        "its serial line listens on 0.0.0.0",
    ),
    (
        "consoles",
        *before(RNG, "<serial type='tcp'><source mode='bind' host='127.0.0.1' service='4555'/><protocol type='raw'/></serial>"),
        "pass",
        "",
    ),
    (
        "consoles",
        *before(RNG, "<console type='tcp'><source mode='bind' host='10.0.0.5' service='4555' tls='yes'/><protocol type='raw'/></console>"),
        "pass",
        "",
    ),
    # -- hardware
    ("hardware", *before(RNG, "<disk type='file' device='floppy'><target dev='fda' bus='fdc'/></disk>"), "fail", "a floppy drive"),
    (
        "hardware",
        *before(RNG, "<disk type='file' device='cdrom'><source file='/srv/setup.iso'/><target dev='sda' bus='sata'/></disk>"),
        "fail",
        "a medium in its CD drive",
    ),
    ("hardware", *before(RNG, "<disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>"), "pass", ""),
    ("hardware", *before(RNG, "<sound model='ich9'/>"), "fail", "a sound card"),
    ("hardware", *before(RNG, "<parallel type='pty'/>"), "fail", "a parallel port"),
    ("hardware", *before(RNG, "<hub type='usb'/>"), "fail", "a USB hub"),
    (
        "hardware",
        "<model type='virtio' heads='1'/>",
        "<model type='virtio' heads='1'><acceleration accel3d='yes'/></model>",
        "fail",
        "3D graphics",
    ),
    # -- firmware
    ("firmware", LOADER, LOADER.replace(" secure='yes'", ""), "fail", "starts whatever its disk has"),
    (
        "firmware",
        LOADER,
        "<firmware><feature enabled='yes' name='secure-boot'/><feature enabled='yes' name='enrolled-keys'/></firmware>",
        "pass",
        "",
    ),
    (
        "firmware",
        LOADER,
        "<firmware><feature enabled='yes' name='secure-boot'/><feature enabled='no' name='enrolled-keys'/></firmware>",
        "fail",
        "has no keys",
    ),
    ("firmware", "arch='x86_64' machine='pc-q35-7.2'", "arch='s390x' machine='s390-ccw-virtio-7.2'", "not_applicable", "s390x"),
    ("tpm", TPM, "<backend type='emulator' version='1.2'/>", "fail", "is of version 1.2"),
    ("tpm", TPM, "<backend type='passthrough'><device path='/dev/tpm0'/></backend>", "pass", ""),
    # -- dumps
    ("dumps", "<memory unit='KiB'>", "<memory unit='KiB' dumpCore='on'>", "fail", "has its memory in it"),
    ("dumps", "<on_crash>destroy</on_crash>", "<on_crash>coredump-destroy</on_crash>", "fail", "coredump-destroy"),
    ("dumps", "<on_crash>destroy</on_crash>", "<on_crash>restart</on_crash>", "pass", ""),
    ("dumps", "<acpi/>", "<acpi/><vmcoreinfo state='on'/>", "fail", "vmcoreinfo"),
]
# What needs a namespace is changed at two places.
ARGUMENTS = [
    ("<qemu:commandline><qemu:arg value='-device'/><qemu:arg value='edu'/></qemu:commandline>", "-device"),
    ("<qemu:commandline><qemu:env name='TOKEN' value='Sesame-4711'/></qemu:commandline>", "environment TOKEN"),
    (
        "<qemu:override><qemu:device alias='net0'><qemu:frontend>"
        "<qemu:property name='mq' type='bool' value='true'/></qemu:frontend></qemu:device></qemu:override>",
        "property mq",
    ),
    ("<qemu:capabilities><qemu:add capability='blockdev'/></qemu:capabilities>", "capability blockdev"),
]
