/**
 * The system calls that the sandbox refuses, as a program for the kernel's filter (bwrap --seccomp). Namespaces alone leave open what is not
 * theirs: sockets to the hypervisor, memory that no limit counts, and the corners of the kernel in which its holes are found.
 */

/** Numbers on x64 and on arm64; undefined where there is no such call. */
type Numbers = readonly [x64: number | undefined, arm64: number | undefined];

/** Looks as if the kernel did not have it: libc and Python then do without. clone3 hides its flags from filters; the others hold memory that nothing counts. */
const ABSENT: readonly Numbers[] = [
  [435, 435], // clone3
  [319, 279], // memfd_create
  [447, 447], // memfd_secret
  [425, 425], // io_uring_setup
  [426, 426], // io_uring_enter
  [427, 427], // io_uring_register
];

const REFUSED: readonly Numbers[] = [
  // Other processes' memory and descriptors.
  [101, 117], // ptrace
  [310, 270], // process_vm_readv
  [311, 271], // process_vm_writev
  [312, 272], // kcmp
  [438, 438], // pidfd_getfd
  [440, 440], // process_madvise
  // System V's memory and queues, POSIX's queues: no limit of ours counts them.
  [29, 194], // shmget
  [64, 190], // semget
  [68, 186], // msgget
  [240, 180], // mq_open
  // Mounts and namespaces.
  [165, 40], // mount
  [166, 39], // umount2
  [155, 41], // pivot_root
  [161, 51], // chroot
  [428, 428], // open_tree
  [429, 429], // move_mount
  [430, 430], // fsopen
  [431, 431], // fsconfig
  [432, 432], // fsmount
  [433, 433], // fspick
  [442, 442], // mount_setattr
  [272, 97], // unshare
  [308, 268], // setns
  [303, 264], // name_to_handle_at
  [304, 265], // open_by_handle_at
  // The kernel's own business.
  [321, 280], // bpf
  [298, 241], // perf_event_open
  [323, 282], // userfaultfd
  [248, 217], // add_key
  [249, 218], // request_key
  [250, 219], // keyctl
  [179, 60], // quotactl
  [443, 443], // quotactl_fd
  [167, 224], // swapon
  [168, 225], // swapoff
  [169, 142], // reboot
  [175, 105], // init_module
  [313, 273], // finit_module
  [176, 106], // delete_module
  [246, 104], // kexec_load
  [320, 294], // kexec_file_load
  [163, 89], // acct
  [164, 170], // settimeofday
  [227, 112], // clock_settime
  [159, 171], // adjtimex
  [305, 266], // clock_adjtime
  [103, 116], // syslog
  [135, 92], // personality
  [172, undefined], // iopl
  [173, undefined], // ioperm
  [154, undefined], // modify_ldt
  [134, undefined], // uselib
  [300, 262], // fanotify_init
  [153, 58], // vhangup
  [278, 75], // vmsplice
  [256, 238], // migrate_pages
  [279, 239], // move_pages
];

const MACHINES = {
  x64: { at: 0, audit: 0xc000003e, clone: 56, socket: 41, socketpair: 53, ioctl: 16, mmap: 9 },
  arm64: { at: 1, audit: 0xc00000b7, clone: 220, socket: 198, socketpair: 199, ioctl: 29, mmap: 222 },
} as const;

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;
const AF_UNIX = 1;
/** CLONE_NEWTIME, NS, CGROUP, UTS, IPC, USER, PID, NET. */
const NEW_NAMESPACES = 0x7e020080;
/** Puts words into a terminal's mouth, each its own way: TIOCSTI, TIOCLINUX. */
const TERMINAL_TRICKS = [0x5412, 0x541c];
/**
 * MAP_SHARED and MAP_ANONYMOUS, on both machines; MAP_SHARED_VALIDATE has the first bit too. Such memory stays when the process lets go of its
 * pages, and then no process is seen to have it.
 */
const SHARED_BY_NOBODY = 0x21;
/** Numbers of x64's other table of calls have this bit. */
const X32 = 0x40000000;

// Of the kernel's struct seccomp_data: the number, the machine, the arguments' lower halves.
const NUMBER = 0;
const MACHINE = 4;
const argument = (n: number) => 16 + 8 * n;

const LOAD = 0x20;
const IF_EQUAL = 0x15;
const IF_ANY_BIT = 0x45;
const KEEP_BITS = 0x54;
const RETURN = 0x06;
const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const fail = (errno: number) => 0x00050000 | errno;

/** One instruction: code, how many to jump over when true and when false, operand. */
type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, operand: number];

const refuse = (number: number | undefined, errno: number): Instruction[] => (number === undefined ? [] : [[IF_EQUAL, 0, 1, number], [RETURN, 0, 0, fail(errno)]]);

/** For one call, by those of `bits` that one of its arguments has; the number is loaded again afterwards. */
function refuseByArgument(number: number, at: number, tests: Instruction[], errno: number, bits = 0xffffffff): Instruction[] {
  const body: Instruction[] = [[LOAD, 0, 0, argument(at)], [KEEP_BITS, 0, 0, bits], ...tests.flatMap((test): Instruction[] => [test, [RETURN, 0, 0, fail(errno)]]), [LOAD, 0, 0, NUMBER]];
  return [[IF_EQUAL, 0, body.length, number], ...body];
}

/** Undefined for machines whose numbers are not known here. */
export function seccompProgram(arch: string): Uint8Array | undefined {
  const machine = arch === 'x64' || arch === 'arm64' ? MACHINES[arch] : undefined;
  if (!machine) return undefined;
  const notUnix: Instruction[] = [[IF_EQUAL, 1, 0, AF_UNIX]];
  const program: Instruction[] = [
    [LOAD, 0, 0, MACHINE],
    [IF_EQUAL, 1, 0, machine.audit],
    [RETURN, 0, 0, KILL],
    [LOAD, 0, 0, NUMBER],
    ...(arch === 'x64' ? ([[IF_ANY_BIT, 0, 1, X32], [RETURN, 0, 0, fail(ENOSYS)]] satisfies Instruction[]) : []),
    ...ABSENT.flatMap((numbers) => refuse(numbers[machine.at], ENOSYS)),
    ...REFUSED.flatMap((numbers) => refuse(numbers[machine.at], EPERM)),
    ...refuseByArgument(machine.clone, 0, [[IF_ANY_BIT, 0, 1, NEW_NAMESPACES]], EPERM),
    ...[machine.socket, machine.socketpair].flatMap((call) => refuseByArgument(call, 0, notUnix, EAFNOSUPPORT)),
    ...refuseByArgument(machine.ioctl, 1, TERMINAL_TRICKS.map((trick): Instruction => [IF_EQUAL, 0, 1, trick]), EPERM),
    ...refuseByArgument(machine.mmap, 3, [[IF_EQUAL, 0, 1, SHARED_BY_NOBODY]], EPERM, SHARED_BY_NOBODY),
    [RETURN, 0, 0, ALLOW],
  ];
  const bytes = Buffer.alloc(program.length * 8);
  for (const [at, [code, ifTrue, ifFalse, operand]] of program.entries()) {
    bytes.writeUInt16LE(code, at * 8);
    bytes.writeUInt8(ifTrue, at * 8 + 2);
    bytes.writeUInt8(ifFalse, at * 8 + 3);
    bytes.writeUInt32LE(operand >>> 0, at * 8 + 4);
  }
  return bytes;
}
