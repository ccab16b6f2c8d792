"""Which system calls an isolate host may make: those that it needs, with the arguments that it
needs, found by tracing it. All others fail with EPERM, and those that no honest host ever makes,
but whoever breaks out tries first, end the process on the spot.

V8's compilers make code at run time, so memory that is both writable and executable has to stay
possible: mprotect() may do it. What is refused is code from a file (mmap() with PROT_EXEC, of
which V8 makes no use).
"""

from __future__ import annotations

import ctypes
import errno
import os

from edgewright.isolate.sandbox.bpf import ALLOW, ERRNO, KILL_PROCESS, Rule, Where, program
from edgewright.isolate.sandbox.libc import syscall
from edgewright.isolate.sandbox.syscalls import MACHINES, Machine

_ALLOWED = """
brk munmap mremap madvise mprotect pkey_mprotect pkey_alloc pkey_free membarrier
read pread64 write writev lseek close fstat poll ppoll
epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd2
recvfrom recvmsg shutdown getsockname getpeername getsockopt
futex set_robust_list rseq exit exit_group restart_syscall
rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack
sched_yield sched_getaffinity sched_getparam sched_getscheduler getcpu
nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time times
getpid gettid getuid geteuid getgid getegid getrandom getrusage sysinfo uname
""".split()

_DEADLY = """
execve execveat ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd
bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register
add_key request_key keyctl init_module finit_module delete_module kexec_load
mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr
setns unshare
""".split()

_INT = 0xFFFFFFFF
"""An argument of type int: the kernel looks at no more of it."""

_PROT_EXEC = 0x4

_THREAD = 0x00010F00
"""CLONE_VM, _FS, _FILES, _SIGHAND and _THREAD."""
_NEW_NAMESPACES = 0x7E020000

_PR_SET_NAME = 15
_PR_SET_VMA = 0x53564D41

_F_DUPFD_CLOEXEC = 1030
_FCNTL = (1, 2, 3, 4, _F_DUPFD_CLOEXEC)  # F_GETFD, F_SETFD, F_GETFL, F_SETFL
_IOCTL = (0x5421, 0x5450, 0x5451)  # FIONBIO, FIONCLEX, FIOCLEX
_AT_EMPTY_PATH = 0x1000
_AF_UNIX = 1
_AF_INET = 2
_SOCK_STREAM, _SOCK_KIND = 1, 0xF

_TCP = ("bind", "connect", "listen", "accept4", "setsockopt")

_SET_MODE_FILTER = 1
_FLAG_TSYNC = 1


class _Program(ctypes.Structure):
    """struct sock_fprog"""

    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def close(*, may_open: bool, tcp: bool = False) -> None:
    """Puts the filter over all threads of the process, for good. Raises OSError.

    `may_open`: files may be opened for reading, as another layer leaves none but /dev/urandom.
    `tcp`: it may make connections, as another layer leaves nobody to talk to but itself.
    """
    name = os.uname().machine
    if name not in MACHINES:
        raise OSError(errno.ENOSYS, f"no list of system calls for {name}")
    machine = MACHINES[name]
    code = compile_filter(machine, pid=os.getpid(), may_open=may_open, tcp=tcp)
    argument = _Program(len(code) // 8, code)
    number = machine.numbers["seccomp"]
    if syscall(number, _SET_MODE_FILTER, _FLAG_TSYNC, ctypes.byref(argument)) != 0:
        raise OSError(errno.EBUSY, "a thread has a filter of its own")


def compile_filter(machine: Machine, *, pid: int, may_open: bool, tcp: bool = False) -> bytes:
    """The filter's program."""
    numbers = machine.numbers
    rules = [Rule(numbers[name], ALLOW) for name in _ALLOWED if name in numbers]
    rules += [Rule(numbers[name], KILL_PROCESS) for name in _DEADLY if name in numbers]

    def allow(name: str, *where: Where) -> None:
        rules.append(Rule(numbers[name], ALLOW, where))

    # A filter can't see what clone3() is told, which is in memory; the C library then uses clone().
    rules.append(Rule(numbers["clone3"], ERRNO | errno.ENOSYS))
    allow("clone", Where(0, _THREAD, _THREAD | _NEW_NAMESPACES))
    allow("mmap", Where(2, 0, _PROT_EXEC))
    allow("tgkill", Where(0, pid, _INT))  # by which abort() ends a process
    allow("sendto", Where(4, 0))  # no address, no descriptors
    allow("socketpair", Where(0, _AF_UNIX, _INT))
    allow("prctl", Where(0, _PR_SET_NAME, _INT))
    allow("prctl", Where(0, _PR_SET_VMA, _INT))
    allow("prlimit64", Where(0, 0, _INT), Where(2, 0))  # asks, sets nothing
    allow("newfstatat", Where(3, _AT_EMPTY_PATH, _INT))  # of a descriptor
    allow("statx", Where(2, _AT_EMPTY_PATH, _AT_EMPTY_PATH))
    for command in _FCNTL:
        allow("fcntl", Where(1, command, _INT))
    for request in _IOCTL:
        allow("ioctl", Where(1, request, _INT))
    if may_open:
        for flags in (os.O_RDONLY, os.O_RDONLY | os.O_CLOEXEC):
            allow("openat", Where(2, flags, _INT))
    if tcp:
        allow("socket", Where(0, _AF_INET, _INT), Where(1, _SOCK_STREAM, _SOCK_KIND))
        for name in _TCP:
            rules.append(Rule(numbers[name], ALLOW))
    return program(machine.audit, rules, ERRNO | errno.EPERM)
