"""Native code inside a host tries to get out. One test per way; each way works without the cage."""

from __future__ import annotations

import os

import pytest
from caged import CLOSE, attempt, run

# --- Files ----------------------------------------------------------------------------------------


def test_reading_a_file() -> None:
    assert attempt("os.open(SECRET, os.O_RDONLY)").refused


def test_writing_a_file() -> None:
    assert attempt("os.open(SECRET, os.O_WRONLY)").refused


def test_making_a_file() -> None:
    attack = "os.open(SECRET + '.new', os.O_WRONLY | os.O_CREAT)\nos.unlink(SECRET + '.new')"
    assert attempt(attack).refused


def test_asking_about_a_file() -> None:
    assert attempt("os.stat(SECRET)").refused


def test_listing_a_folder() -> None:
    assert attempt("assert os.listdir('/etc')").refused


def test_removing_a_file() -> None:
    assert attempt("os.link(SECRET, SECRET + '.2')\nos.unlink(SECRET + '.2')").refused


def test_changing_a_mode() -> None:
    assert attempt("os.chmod(SECRET, 0o600)").refused


def test_following_a_symbolic_link() -> None:
    assert attempt(
        "os.symlink(SECRET, SECRET + '.link')\n"
        "try: os.open(SECRET + '.link', os.O_RDONLY)\n"
        "finally: os.unlink(SECRET + '.link')"
    ).refused


def test_following_a_link_of_proc() -> None:
    assert attempt("os.open('/proc/self/root/etc/passwd', os.O_RDONLY)").refused


def test_climbing_out_of_the_root() -> None:
    assert attempt("os.open('../../../../../../../../etc/passwd', os.O_RDONLY)").refused


def test_opening_a_file_by_its_handle() -> None:
    open_by_handle_at = "{'x86_64': 304, 'aarch64': 265}[os.uname().machine]"
    tried = run(f"syscall({open_by_handle_at}, -100, ctypes.create_string_buffer(16), 0)")
    assert tried == "EPERM"


def test_opening_with_the_other_call() -> None:
    how = "how = struct.pack('QQQ', 0, 0, 0)\n"
    assert attempt(how + "syscall(437, -100, SECRET.encode(), how, 24)").refused  # openat2


def test_writing_where_random_bytes_come_from() -> None:
    assert attempt("os.open('/dev/urandom', os.O_RDWR)").refused


def test_reading_the_parents_memory() -> None:
    assert attempt("os.open(f'/proc/{os.getppid()}/mem', os.O_RDONLY)").refused


def test_reading_the_parents_environment() -> None:
    assert attempt("os.open(f'/proc/{os.getppid()}/environ', os.O_RDONLY)").refused


def test_reading_ones_own_maps() -> None:
    assert attempt("os.open('/proc/self/maps', os.O_RDONLY)").refused


# --- Programs and processes -----------------------------------------------------------------------


def test_running_a_program() -> None:
    assert run("os.execv('/bin/true', ['true'])") == "SIGSYS"


def test_running_a_program_in_memory() -> None:
    assert attempt("assert os.memfd_create('program') >= 0").refused
    memory = (
        "program = os.memfd_create('program')\nos.write(program, open('/bin/true', 'rb').read())"
    )
    execveat = "call('execveat', program, b'', None, None, 0x1000)"
    assert run(execveat, setup=memory) == "SIGSYS"


def test_forking() -> None:
    assert attempt("if os.fork() == 0: os._exit(0)").refused


def test_forking_as_vfork_does() -> None:
    vfork = "{'x86_64': 58, 'aarch64': 220}[os.uname().machine]"
    assert run(f"syscall({vfork}, 0x4111, 0, 0, 0, 0)") == "EPERM"


def test_making_a_process_that_shares_memory() -> None:
    # CLONE_VM without CLONE_THREAD
    assert run("call('clone', 0x100 | 17, 0, 0, 0, 0)") == "EPERM"


def test_making_a_process_with_the_newer_call() -> None:
    assert run("call('clone3', ctypes.create_string_buffer(88), 88)") == "ENOSYS"


def test_making_a_thread_in_other_namespaces() -> None:
    flags = 0x00010F00 | 0x40000000  # a thread, CLONE_NEWNET
    assert run(f"call('clone', {flags}, 0, 0, 0, 0)") == "EPERM"


def test_threads_are_still_to_be_had() -> None:
    assert run("thread = threading.Thread(target=int); thread.start(); thread.join()") == "done"


def test_a_new_thread_is_in_the_cage() -> None:
    answer = run(
        "caught = []\n"
        "def look():\n"
        "    try: os.open(SECRET, os.O_RDONLY)\n"
        "    except OSError as error: caught.append(error)\n"
        "thread = threading.Thread(target=look); thread.start(); thread.join()\n"
        "raise caught[0]"
    )
    assert answer in ("EACCES", "ENOENT")


def test_a_thread_that_was_there_before_is_in_the_seccomp_filter() -> None:
    setup = (
        "go, caught = threading.Event(), []\n"
        "def look():\n"
        "    go.wait()\n"
        "    try: os.open(SECRET, os.O_RDONLY)\n"
        "    except OSError as error: caught.append(error)\n"
        "thread = threading.Thread(target=look); thread.start()\n"
    )
    attack = "go.set(); thread.join()\nraise caught[0]"
    assert run(attack, close="seccomp.close(may_open=False)", setup=setup) == "EPERM"


def test_killing_another_process() -> None:
    assert attempt("os.kill(os.getppid(), 0)").refused


def test_killing_by_thread() -> None:
    assert attempt("call('tgkill', os.getppid(), os.getppid(), 0)").refused


def test_killing_the_group() -> None:
    assert attempt("os.killpg(0, 0)").refused


def test_signals_by_way_of_a_socket() -> None:
    # F_SETOWN: the kernel would send SIGIO to whom it names
    assert attempt("fcntl.fcntl(LINE, fcntl.F_SETOWN, os.getppid())").refused


def test_tracing_the_parent() -> None:
    assert run("call('ptrace', 0x4206, os.getppid(), 0, 0)") == "SIGSYS"


def test_tracing_oneself() -> None:
    assert run("call('ptrace', 0, 0, 0, 0)") == "SIGSYS"


def test_reading_anothers_memory() -> None:
    assert run("call('process_vm_readv', os.getppid(), 0, 0, 0, 0, 0)") == "SIGSYS"


def test_writing_anothers_memory() -> None:
    assert run("call('process_vm_writev', os.getppid(), 0, 0, 0, 0, 0)") == "SIGSYS"


def test_a_descriptor_of_another_process() -> None:
    assert attempt("os.pidfd_open(os.getppid())").refused
    assert run("call('pidfd_getfd', 0, 0, 0)") == "SIGSYS"


# --- The network ----------------------------------------------------------------------------------


def test_a_tcp_socket() -> None:
    assert attempt("socket.socket(socket.AF_INET, socket.SOCK_STREAM)").refused


def test_a_udp_socket() -> None:
    assert attempt("socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)").refused


def test_a_unix_socket() -> None:
    assert attempt("socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)").refused


def test_a_netlink_socket() -> None:
    assert attempt("socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)").refused


def test_a_raw_socket() -> None:
    assert attempt("socket.socket(socket.AF_PACKET, socket.SOCK_RAW)").refused


def test_connecting_a_socket_from_before() -> None:
    setup = "server = socket.create_server(('127.0.0.1', 0))\nspare = socket.socket()"
    assert attempt("spare.connect(server.getsockname())", setup=setup).refused


def test_listening_on_a_socket_from_before() -> None:
    assert attempt("spare.bind(('127.0.0.1', 0))", setup="spare = socket.socket()").refused


def test_sending_to_an_address() -> None:
    setup = (
        "receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "receiver.bind(('127.0.0.1', 0))\n"
        "spare = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
    )
    assert attempt("spare.sendto(b'out', receiver.getsockname())", setup=setup).refused


def test_sending_a_descriptor() -> None:
    assert attempt("socket.send_fds(socket.socket(fileno=LINE), [b'x'], [0])").refused


def test_its_own_line_is_still_to_be_used() -> None:
    assert run("socket.socket(fileno=LINE).sendall(b'x')") == "done"


# --- The kernel -----------------------------------------------------------------------------------


def test_io_uring() -> None:
    assert run("call('io_uring_setup', 1, ctypes.create_string_buffer(120))") == "SIGSYS"


def test_bpf() -> None:
    assert run("call('bpf', 0, 0, 0)") == "SIGSYS"


def test_perf_events() -> None:
    assert run("call('perf_event_open', 0, 0, 0, 0, 0)") == "SIGSYS"


def test_userfaultfd() -> None:
    assert run("call('userfaultfd', 0)") == "SIGSYS"


def test_keys() -> None:
    assert run("call('keyctl', 0, 0, 0)") == "SIGSYS"


def test_mounting() -> None:
    assert run("mount('proc', '/', 'proc', 0, None)") == "SIGSYS"


def test_mounting_with_the_newer_calls() -> None:
    assert run("call('fsopen', b'proc', 0)") == "SIGSYS"


def test_changing_the_root() -> None:
    assert run("os.chroot('/')") == "SIGSYS"


def test_new_namespaces() -> None:
    assert run("unshare(0x10000000)") == "SIGSYS"


def test_others_namespaces() -> None:
    setup = "net = os.open('/proc/self/ns/net', os.O_RDONLY)"
    assert run("call('setns', net, 0)", setup=setup) == "SIGSYS"


def test_kernel_modules() -> None:
    assert run("call('init_module', 0, 0, b'')") == "SIGSYS"


def test_injecting_into_a_terminal() -> None:
    setup = "leader, follower = os.openpty()"
    attack = "fcntl.ioctl(follower, termios.TIOCSTI, b'x')"
    assert run(attack, setup=setup) == "EPERM"


# --- Memory ---------------------------------------------------------------------------------------


def test_code_from_a_file() -> None:
    setup = "library = os.open(sys.executable, os.O_RDONLY)"
    attack = "mmap.mmap(library, 4096, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_EXEC)"
    assert attempt(attack, setup=setup).refused


def test_executable_memory_is_not_mapped_as_such() -> None:
    prot = "mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC"
    assert attempt(f"mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, {prot})").refused


def test_shared_memory_of_the_system() -> None:
    shmget = "{'x86_64': 29, 'aarch64': 194}[os.uname().machine]"
    assert attempt(f"syscall({shmget}, 0, 4096, 0o1600)").refused


def test_more_memory_than_the_bound() -> None:
    tried = attempt(
        "kept = [bytearray(1 << 20) for _ in range(300)]",
        close="close_cage(data_bytes=200 << 20)",
    )
    assert (tried.free, tried.caged) == ("done", "MemoryError")


# --- Undoing the cage -----------------------------------------------------------------------------


def test_raising_a_limit() -> None:
    attack = "call('prlimit64', 0, resource.RLIMIT_NOFILE, struct.pack('QQ', 4096, 4096), None)"
    assert attempt(attack).refused


def test_limits_of_another_process() -> None:
    attack = "call('prlimit64', os.getppid(), resource.RLIMIT_NOFILE, None, None)"
    assert attempt(attack).refused


def test_becoming_root() -> None:
    assert run("os.setuid(0)") == "EPERM"


def test_taking_capabilities() -> None:
    assert run("syscall(privileges._CAPSET[os.uname().machine], 0, 0)") == "EPERM"


def test_another_filter() -> None:
    assert run("call('seccomp', 1, 0, 0)") == "EPERM"


def test_making_oneself_readable_again() -> None:
    assert attempt("prctl(4, 1)").refused  # PR_SET_DUMPABLE


def test_living_on_without_the_parent() -> None:
    assert attempt("prctl(1, 0)").refused  # PR_SET_PDEATHSIG


def test_changing_ones_memory_layout() -> None:
    assert run("prctl(35, 1, 0)") == "EPERM"  # PR_SET_MM


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="x86 has two sets of numbers")
def test_the_other_numbers_of_the_same_machine() -> None:
    assert run("syscall(0x40000000 + 39)") == "SIGSYS"


def test_time() -> None:
    assert run("time.clock_settime(time.CLOCK_REALTIME, time.time())") == "EPERM"


def test_other_cpus() -> None:
    assert attempt("os.sched_setaffinity(0, os.sched_getaffinity(0))").refused


def test_priority() -> None:
    assert attempt("os.setpriority(os.PRIO_PROCESS, 0, 0)").refused


def test_the_number_of_threads_is_bounded() -> None:
    attack = (
        "stop = threading.Event()\n"
        "threading.stack_size(64 << 10)\n"
        "try:\n"
        "    for _ in range(1100): threading.Thread(target=stop.wait).start()\n"
        "finally: stop.set()"
    )
    assert run(attack, CLOSE) == "RuntimeError"
