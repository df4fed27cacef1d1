"""Keeps one session of the sandbox: the first process in it, which starts the interpreter that the code runs in, watches it and ends it.

It speaks with the server over stdin and stdout, in frames: the lengths of a JSON object and of bytes, each four bytes, then both. The code
runs in a process of its own and cannot reach this one: as process 1 of its namespace it takes no signal from within, and as it is not
dumpable nobody within can open its memory or its pipes. What the interpreter tells is the code's to forge, and is bounded, never trusted.
"""
import ctypes
import errno
import json
import os
import resource
import select
import signal
import socket
import stat
import struct
import sys
import time

HEAD = struct.Struct('>II')
LOOK_EVERY_MS = 20
LOOK_EVERY_IDLE_S = 0.25
# What a socket's two queues can hold at the most where nobody has changed Linux's settings. No process's memory contains it.
SOCKET_BYTES = 425_984
MB = 1024 * 1024
CONTROL = 240  # The interpreter's end, and copies of its stdout, where code that opens and closes small numbers seldom comes.
SAVED_OUT = 241
MOST_TOLD = 10_000
MOST_DEPTH = 8
MOST_PATH_BYTES = 512
PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4


def read_exactly(fd, count):
    pieces = []
    while count > 0:
        piece = os.read(fd, min(count, MB))
        if not piece:
            raise EOFError
        pieces.append(piece)
        count -= len(piece)
    return b''.join(pieces)


def read_frame(fd):
    told, data = HEAD.unpack(read_exactly(fd, HEAD.size))
    return json.loads(read_exactly(fd, told)), read_exactly(fd, data)


def framed(told, data=b''):
    text = json.dumps(told).encode()
    return HEAD.pack(len(text), len(data)) + text + data


def write_all(fd, data):
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view):]


def control_process(option, value):
    try:
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
    except (AttributeError, OSError):
        pass  # Not Linux: nothing here is isolated then.


class Broken(Exception):
    """The interpreter said what it never says by itself."""


class TooMany(Exception):
    """More processes than the kernel should have let there be: a second line, for the day on which the first does not hold."""


class Kernel:
    """The interpreter's process, as seen from here."""

    def __init__(self, settings, notebook):
        self.control, theirs = socket.socketpair()
        self.logs, log_end = os.pipe()
        self.incoming = b''
        self.outgoing = b''
        self.pid = os.fork()
        if self.pid == 0:
            try:
                become_kernel(settings, notebook, theirs.fileno(), log_end)
            finally:
                os._exit(70)
        theirs.close()
        self.log_end = log_end  # Kept open, so that the pipe never ends, whatever the code closes.
        try:
            read_frame(self.control.fileno())  # It is up, and no code of others has run in it yet.
        except EOFError:
            sys.exit('the interpreter ended at once')
        self.control.setblocking(False)
        os.set_blocking(self.logs, False)

    def send(self):
        try:
            self.outgoing = self.outgoing[self.control.send(self.outgoing):]
        except BlockingIOError:
            pass
        except OSError:
            self.outgoing = b''

    def told(self, most_data):
        """What it has told by now, frame by frame."""
        try:
            piece = self.control.recv(MB)
            if not piece:
                raise Broken
            self.incoming += piece
        except BlockingIOError:
            pass
        except OSError:
            raise Broken from None
        while len(self.incoming) >= HEAD.size:
            told, data = HEAD.unpack_from(self.incoming)
            if told > MOST_TOLD or data > most_data:
                raise Broken
            end = HEAD.size + told + data
            if len(self.incoming) < end:
                return
            text = self.incoming[HEAD.size:HEAD.size + told]
            content = self.incoming[HEAD.size + told:end]
            self.incoming = self.incoming[end:]
            try:
                yield json.loads(text)['event'], json.loads(text), content
            except (ValueError, KeyError, TypeError, RecursionError):
                raise Broken from None


class Logs:
    """The beginning is told as it comes, of the rest the end is kept."""

    def __init__(self, head, tail, tell):
        self.room, self.most_tail, self.tell = head, tail, tell
        self.tail = b''
        self.left_out = 0

    def take(self, piece):
        if self.room > 0:
            self.tell({'event': 'logs'}, piece[:self.room])
            piece, self.room = piece[self.room:], self.room - len(piece[:self.room])
        self.tail += piece
        if len(self.tail) > 2 * self.most_tail:
            self.cut()

    def cut(self):
        surplus = len(self.tail) - self.most_tail
        if surplus > 0:
            # Not in the middle of a character.
            while surplus < len(self.tail) and self.tail[surplus] & 0xC0 == 0x80:
                surplus += 1
            self.left_out += surplus
            self.tail = self.tail[surplus:]

    def end(self):
        self.cut()
        if self.left_out > 0:
            self.tell({'event': 'left_out', 'bytes': self.left_out}, b'')
        if self.tail:
            self.tell({'event': 'logs'}, self.tail)


class Supervisor:
    def __init__(self, settings, notebook):
        self.settings = settings
        # Held from the beginning: whatever the code puts in the folder's place later is not what we look into.
        self.root = os.open(settings['data'], os.O_RDONLY | os.O_DIRECTORY)
        self.is_isolated = os.getpid() == 1
        self.kernel = Kernel(settings, notebook)
        self.stop()
        self.seen = {}
        self.taking = None

    # ---- Processes ----

    def signal_all(self, number):
        """To every process of the session but this one. Outside a namespace of our own, to those that did not leave the interpreter's group."""
        try:
            if self.is_isolated:
                os.kill(-1, number)
            else:
                os.killpg(self.kernel.pid, number)
        except (ProcessLookupError, PermissionError):
            pass

    def stop(self):
        """From now on nothing goes on. It is looked after when even a busy machine must have come to it."""
        self.signal_all(signal.SIGSTOP)
        self.look_at = time.monotonic() + LOOK_EVERY_IDLE_S

    def reap(self):
        """Whether the interpreter has ended."""
        has_ended = False
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return True
            if pid == 0:
                return has_ended
            has_ended = has_ended or pid == self.kernel.pid

    def others(self):
        return [name for name in os.listdir('/proc') if name.isdigit() and name != '1'] if self.is_isolated else [str(self.kernel.pid)]

    def memory(self):
        """Bytes that the session's processes hold, what they share counted once when the simple sum is too much."""
        names = self.others()
        if self.is_isolated and len(names) > self.settings['processes']:
            raise TooMany
        simple = {name: resident(name) for name in names}
        queued = sockets() * SOCKET_BYTES if self.is_isolated else 0
        if sum(simple.values()) + queued <= self.settings['memory']:
            return sum(simple.values()) + queued
        return sum(proportional(name, simple[name]) for name in names) + queued

    def excess(self):
        """Which limit is passed, if one is."""
        try:
            if self.memory() > self.settings['memory']:
                return 'out_of_memory'
        except TooMany:
            return 'killed'
        except OSError:
            pass  # No /proc, as on macOS.
        if self.is_isolated:
            used = [os.statvfs(place) for place in ('/mnt', '/dev/shm')]
            if any(place.f_files - place.f_ffree > self.settings['files'] for place in used):
                return 'too_much_data'
        elif self.settings['disk'] < sum(known[2] for known in self.look(self.settings['files']).values()):
            return 'too_much_data'
        return None

    # ---- Executions ----

    def execute(self, request, code):
        """Runs it to its end, within its limits. False when the session has ended with it."""
        kernel, logs = self.kernel, Logs(request['head'], request['tail'], tell)
        kernel.outgoing = framed({'images': request['images'], 'image_bytes': request['image_bytes']}, code)
        self.room = request['images'], request['image_bytes']
        poll = select.poll()
        poll.register(0, select.POLLIN)
        poll.register(kernel.logs, select.POLLIN)
        deadline = time.monotonic() + request['timeout']
        late, outcome, verdict = None, None, None
        self.signal_all(signal.SIGCONT)
        while outcome is None:
            poll.register(kernel.control, select.POLLIN | (select.POLLOUT if kernel.outgoing else 0))
            ready = dict(poll.poll(LOOK_EVERY_MS))
            if 0 in ready:
                read_frame(0)  # The one thing that can be asked meanwhile: to stop. EOFError when the server is no more.
                deadline = 0
            if kernel.logs in ready:
                self.drain(logs)
            if kernel.outgoing:
                kernel.send()
            try:
                outcome = self.listen(outcome)
            except Broken:
                verdict = 'killed'
            if outcome is not None:
                break
            if self.reap():
                verdict = verdict or 'killed'
            verdict = verdict or self.excess()
            now = time.monotonic()
            if late is None and now > deadline:
                late = now
                self.signal_all(signal.SIGINT)
            if late is not None and now > late + request['grace']:
                verdict = verdict or 'timed_out'
            if verdict is not None:
                self.signal_all(signal.SIGKILL)
                self.drain(logs)
                logs.end()
                tell({'event': 'done', 'outcome': verdict, 'over': True, 'files': [], 'unkept': 0})
                return False
        self.stop()
        self.drain(logs)
        logs.end()
        if late is not None:
            outcome = 'timed_out'
        tell({'event': 'done', 'outcome': outcome, 'over': False, **self.changes(request['most_files'])})
        return True

    def listen(self, outcome):
        for event, told, data in self.kernel.told(self.settings['image']):
            count, space = self.room
            if event == 'image' and count > 0 and len(data) <= space:
                self.room = count - 1, space - len(data)
                tell({'event': 'image'}, data)
            elif event == 'done':
                outcome = 'ok' if told.get('outcome') == 'ok' else 'error'
        return outcome

    def drain(self, logs):
        """What was written by now; of a stream that never dries up, a part."""
        for _ in range(64):
            try:
                piece = os.read(self.kernel.logs, 65536)
            except BlockingIOError:
                return
            if not piece:
                return
            logs.take(piece)

    # ---- Files. The session's processes stand still meanwhile, so nothing changes under our hands. ----

    def look(self, most):
        """Every regular file, by path, and folders too deep to be looked into; links are not followed, and pipes and the like are no files."""
        found = {}
        folders = [('', 1)]
        while folders:
            prefix, depth = folders.pop()
            try:
                at = self.open_folder(prefix.split('/')[:-1])
            except OSError:
                continue
            try:
                for name in os.listdir(at):
                    path = prefix + name
                    if len(found) >= most:
                        continue
                    known = os.stat(name, dir_fd=at, follow_symlinks=False)
                    if stat.S_ISREG(known.st_mode):
                        found[path] = (known.st_ino, known.st_ctime_ns, known.st_size)
                    elif stat.S_ISDIR(known.st_mode) and depth < MOST_DEPTH:
                        folders.append((path + '/', depth + 1))
                    elif stat.S_ISDIR(known.st_mode):
                        found[path + '/'] = (known.st_ino, known.st_ctime_ns, 0)
            except OSError:
                pass
            finally:
                os.close(at)
        return found

    def changes(self, most):
        before, self.seen = self.seen, self.look(self.settings['files'])
        changed = sorted(path for path, known in self.seen.items() if before.get(path) != known)
        kept = [path for path in changed if is_plain(path)]
        return {'files': [{'path': path, 'bytes': self.seen[path][2]} for path in kept[:most]], 'unkept': len(changed) - len(kept)}

    def open_folder(self, parts, make=False):
        """The folder that these lead to from the data folder, none of them a link."""
        at = os.dup(self.root)
        for part in parts:
            try:
                if make:
                    try:
                        os.mkdir(part, dir_fd=at)
                    except FileExistsError:
                        pass
                inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            finally:
                os.close(at)
            at = inner
        return at

    def open_file(self, path, flags, make=False):
        *parts, name = path.split('/')
        folder = self.open_folder(parts, make)
        try:
            if make:
                try:
                    os.unlink(name, dir_fd=folder)
                except FileNotFoundError:
                    pass
            # Not blocking: a pipe that nobody writes to would hold us up for ever.
            return os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644, dir_fd=folder)
        finally:
            os.close(folder)

    def read(self, request):
        fd = self.open_file(request['path'], os.O_RDONLY)
        try:
            known = os.fstat(fd)
            if not stat.S_ISREG(known.st_mode):
                raise FileNotFoundError(errno.ENOENT, 'not a file')
            data = os.pread(fd, request['length'], request['at']) if request['length'] > 0 else b''
            tag = '%d %d %d' % (known.st_ino, known.st_ctime_ns, known.st_size)
            tell({'event': 'read', 'bytes': known.st_size, 'tag': tag}, data)
        finally:
            os.close(fd)

    def put(self, request, data):
        if request.get('at') == 0:
            self.drop()
            self.taking = self.open_file(request['path'], os.O_WRONLY | os.O_CREAT | os.O_EXCL, make=True), request['path']
        write_all(self.taking[0], data)
        if request.get('last'):
            known, path = os.fstat(self.taking[0]), self.taking[1]
            os.close(self.taking[0])
            self.taking = None
            self.seen[path] = (known.st_ino, known.st_ctime_ns, known.st_size)
        tell({'event': 'put'})

    def drop(self):
        """What came in half is taken away."""
        if self.taking is None:
            return
        fd, path = self.taking
        self.taking = None
        os.close(fd)
        *parts, name = path.split('/')
        folder = self.open_folder(parts)
        os.unlink(name, dir_fd=folder)
        os.close(folder)

    def wait(self):
        """Until something is asked. False when a process does not stand still meanwhile: there are ways to be woken, by a timer for one."""
        poll = select.poll()
        poll.register(0, select.POLLIN)
        while True:
            is_asked = poll.poll(max(0, self.look_at - time.monotonic()) * 1000)
            if self.is_isolated and time.monotonic() >= self.look_at:
                self.reap()
                self.look_at = time.monotonic() + LOOK_EVERY_IDLE_S
                if self.excess() or any(state(name) in (b'R', b'S') for name in self.others()):
                    return False
            elif not is_asked:
                self.look_at = time.monotonic() + LOOK_EVERY_IDLE_S
            if is_asked:
                return True

    def serve(self):
        while self.wait():
            request, data = read_frame(0)
            try:
                if request['do'] == 'execute':
                    if not self.execute(request, data):
                        return
                elif request['do'] == 'read':
                    self.read(request)
                elif request['do'] == 'put':
                    self.put(request, data)
                elif request['do'] == 'drop':
                    self.drop()
                    tell({'event': 'put'})
            except OSError as error:
                if request['do'] not in ('read', 'put', 'drop'):
                    raise
                if request['do'] == 'put':
                    self.drop()
                tell({'event': 'failed', 'code': errno.errorcode.get(error.errno, 'EIO')})


def is_plain(path):
    """Whether the server takes such a path: text, not too long, without control characters."""
    try:
        return len(path.encode()) <= MOST_PATH_BYTES and not path.endswith('/') and not any(char < ' ' or '\x7f' <= char <= '\x9f' for char in path)
    except UnicodeEncodeError:  # Bytes that are not UTF-8.
        return False


def resident(name):
    try:
        with open('/proc/%s/status' % name, 'rb', buffering=0) as file:
            return sum(int(line.split()[1]) * 1024 for line in file.read(MB).splitlines() if line.startswith((b'VmRSS:', b'VmSwap:')))
    except (FileNotFoundError, ProcessLookupError):
        return 0


def state(name):
    try:
        with open('/proc/%s/stat' % name, 'rb', buffering=0) as file:
            return file.read(400).rpartition(b') ')[2][:1]
    except (FileNotFoundError, ProcessLookupError):
        return b''


def sockets():
    with open('/proc/net/unix', 'rb') as file:
        return file.read().count(b'\n')


def proportional(name, otherwise):
    try:
        with open('/proc/%s/smaps_rollup' % name, 'rb') as file:
            return sum(int(line.split()[1]) * 1024 for line in file if line.startswith((b'Pss:', b'SwapPss:')))
    except (FileNotFoundError, ProcessLookupError):
        return 0  # It has ended meanwhile.
    except OSError:
        pass
    return otherwise


def tell(told, data=b''):
    write_all(1, framed(told, data))


# ---- In the interpreter's own process ----


def become_kernel(settings, notebook, control, log_end):
    os.setsid()
    control_process(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.dup2(control, CONTROL)
    os.dup2(log_end, SAVED_OUT)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    # Before it, /proc/self is not ours to write to.
    control_process(PR_SET_DUMPABLE, 1)
    go_first()
    os.dup2(log_end, 1)
    os.dup2(log_end, 2)
    os.closerange(3, CONTROL)
    os.closerange(SAVED_OUT + 1, 4096)
    limit(settings)
    os.nice(10)
    os.chdir(settings['data'])
    loaded = {'__name__': 'threadkeep_notebook'}
    exec(compile(notebook, '<notebook>', 'exec'), loaded)
    del sys.argv[1:]
    sys.path[:] = ['', *(place for place in sys.path if place)]
    pictures = Pictures()
    notebook = loaded['Notebook'](pictures.show)

    write_all(CONTROL, framed({'event': 'ready'}))
    while True:
        request, code = read_frame(CONTROL)
        for number in (1, 2):
            os.dup2(SAVED_OUT, number)
        sys.stdout = writer(1)
        sys.stderr = writer(2)
        pictures.allow(request)
        signal.signal(signal.SIGINT, notebook.interrupt)
        outcome = notebook.run(code.decode('utf-8', 'replace'))
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        write_all(CONTROL, framed({'event': 'done', 'outcome': outcome}))


class Pictures:
    """As many as an execution may show; the code is told of the others. (Who goes past this by himself is stopped by the supervisor.)"""

    def allow(self, request):
        self.count, self.space = request['images'], request['image_bytes']

    def show(self, png):
        if self.count > 0 and len(png) <= self.space:
            self.count, self.space = self.count - 1, self.space - len(png)
            write_all(CONTROL, framed({'event': 'image'}, png))
        else:
            print('[a picture of %d bytes was left out: there were too many, or too large]' % len(png), file=sys.stderr)


def writer(number):
    """Without a buffer of its own, so that what it writes and what a child writes stay in order."""
    import io
    raw = io.FileIO(number, 'w', closefd=False)
    return io.TextIOWrapper(raw, 'utf-8', 'backslashreplace', write_through=True)


def go_first():
    """When the machine's memory is full, the code ends and not the server."""
    try:
        with open('/proc/self/oom_score_adj', 'w') as file:
            file.write('1000')
    except OSError as error:
        if os.getppid() == 1:
            write_all(2, b'the kernel takes no oom_score_adj (%s)\n' % errno.errorcode.get(error.errno, 'EIO').encode())
            os._exit(70)


def limit(settings):
    wanted = {
        'RLIMIT_CORE': 0,
        'RLIMIT_DATA': settings['memory'],
        'RLIMIT_AS': settings['memory'] * 8,
        'RLIMIT_FSIZE': settings['disk'] * 2,
        'RLIMIT_NOFILE': 256,
        'RLIMIT_MSGQUEUE': 0,
        'RLIMIT_MEMLOCK': 0,
    }
    # Counted per user, so only where the user is the session's own. There it must hold: without it nothing else does for long.
    if os.getppid() == 1:
        resource.setrlimit(resource.RLIMIT_NPROC, (settings['processes'], settings['processes']))
    for name, most in wanted.items():
        try:
            resource.setrlimit(getattr(resource, name), (most, most))
        except (AttributeError, ValueError, OSError):
            pass


def main():
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    control_process(PR_SET_DUMPABLE, 0)
    settings, notebook = read_frame(0)
    supervisor = Supervisor(settings, notebook)
    supervisor.seen = supervisor.look(settings['files'])
    try:
        tell({'event': 'ready', 'python': sys.version.split()[0]})
        supervisor.serve()
    except (EOFError, BrokenPipeError):
        pass
    finally:
        supervisor.signal_all(signal.SIGKILL)


main()
