"""Numbers of system calls, of the two machines that the cage knows.

The kernel never changes one (arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/
unistd.h). A call that a machine does not have is left out there. A test compares the lists with
those of another project.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Machine:
    audit: int
    """AUDIT_ARCH_…, by which a seccomp filter knows whose numbers a call uses."""
    numbers: dict[str, int]


_X86_64 = """
read 0 write 1 close 3 fstat 5 poll 7 lseek 8 mmap 9 mprotect 10 munmap 11 brk 12 rt_sigaction 13
rt_sigprocmask 14 rt_sigreturn 15 ioctl 16 pread64 17 writev 20 sched_yield 24 mremap 25 madvise 28
nanosleep 35 getpid 39 socket 41 connect 42 sendto 44 recvfrom 45 recvmsg 47 shutdown 48 bind 49
listen 50 getsockname 51 getpeername 52 socketpair 53 setsockopt 54 getsockopt 55 clone 56 execve 59
exit 60 uname 63 fcntl 72 gettimeofday 96 getrusage 98 sysinfo 99 times 100 ptrace 101 getuid 102
getgid 104 geteuid 107 getegid 108 sigaltstack 131 sched_getparam 143 sched_getscheduler 145
pivot_root 155 prctl 157 chroot 161 mount 165 umount2 166 init_module 175 delete_module 176
gettid 186 time 201 futex 202 sched_getaffinity 204 restart_syscall 219 clock_gettime 228
clock_getres 229 clock_nanosleep 230 exit_group 231 epoll_wait 232 epoll_ctl 233 tgkill 234
kexec_load 246 add_key 248 request_key 249 keyctl 250 openat 257 newfstatat 262 ppoll 271
unshare 272 set_robust_list 273 epoll_pwait 281 accept4 288 eventfd2 290 epoll_create1 291
perf_event_open 298 prlimit64 302 setns 308 getcpu 309 process_vm_readv 310 process_vm_writev 311
finit_module 313 seccomp 317 getrandom 318 bpf 321 execveat 322 userfaultfd 323 membarrier 324
pkey_mprotect 329 pkey_alloc 330 pkey_free 331 statx 332 rseq 334 io_uring_setup 425
io_uring_enter 426 io_uring_register 427 open_tree 428 move_mount 429 fsopen 430 fsconfig 431
fsmount 432 fspick 433 clone3 435 pidfd_getfd 438 process_madvise 440 epoll_pwait2 441
mount_setattr 442 landlock_create_ruleset 444 landlock_add_rule 445 landlock_restrict_self 446
"""

_AARCH64 = """
eventfd2 19 epoll_create1 20 epoll_ctl 21 epoll_pwait 22 fcntl 25 ioctl 29 umount2 39 mount 40
pivot_root 41 chroot 51 openat 56 close 57 lseek 62 read 63 write 64 writev 66 pread64 67 ppoll 73
newfstatat 79 fstat 80 exit 93 exit_group 94 unshare 97 futex 98 set_robust_list 99 nanosleep 101
kexec_load 104 init_module 105 delete_module 106 clock_gettime 113 clock_getres 114
clock_nanosleep 115 ptrace 117 sched_getscheduler 120 sched_getparam 121 sched_getaffinity 123
sched_yield 124 restart_syscall 128 tgkill 131 sigaltstack 132 rt_sigaction 134 rt_sigprocmask 135
rt_sigreturn 139 times 153 uname 160 getrusage 165 prctl 167 getcpu 168 gettimeofday 169 getpid 172
getuid 174 geteuid 175 getgid 176 getegid 177 gettid 178 sysinfo 179 socket 198 socketpair 199
bind 200 listen 201 connect 203 getsockname 204 getpeername 205 sendto 206 recvfrom 207
setsockopt 208 getsockopt 209 shutdown 210 recvmsg 212 brk 214 munmap 215 mremap 216 add_key 217
request_key 218 keyctl 219 clone 220 execve 221 mmap 222 mprotect 226 madvise 233
perf_event_open 241 accept4 242 prlimit64 261 setns 268 process_vm_readv 270 process_vm_writev 271
finit_module 273 seccomp 277 getrandom 278 bpf 280 execveat 281 userfaultfd 282 membarrier 283
pkey_mprotect 288 pkey_alloc 289 pkey_free 290 statx 291 rseq 293 io_uring_setup 425
io_uring_enter 426 io_uring_register 427 open_tree 428 move_mount 429 fsopen 430 fsconfig 431
fsmount 432 fspick 433 clone3 435 pidfd_getfd 438 process_madvise 440 epoll_pwait2 441
mount_setattr 442 landlock_create_ruleset 444 landlock_add_rule 445 landlock_restrict_self 446
"""


def _numbers(table: str) -> dict[str, int]:
    words = table.split()
    return dict(zip(words[::2], map(int, words[1::2]), strict=True))


MACHINES = {
    "x86_64": Machine(0xC000003E, _numbers(_X86_64)),
    "aarch64": Machine(0xC00000B7, _numbers(_AARCH64)),
}
"""By what uname(2) calls them."""
