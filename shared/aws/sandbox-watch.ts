/** What watches over code while a session of the Code Interpreter executes it: all that it writes, in order, and its time. Python. */
export const WATCH = String.raw`
import io, os, signal, sys, threading


class Output(io.TextIOWrapper):
    """Everything is in the pipe when it has been written: the two outputs stay in order."""

    def __init__(self, descriptor):
        super().__init__(os.fdopen(descriptor, 'wb', closefd=False), 'utf-8', 'backslashreplace', newline='\n')

    def write(self, text):
        written = super().write(text)
        self.flush()
        return written


class Capture:
    """The two outputs, of child processes too: the beginning and the end are kept."""

    def __init__(self, head, tail):
        self.room, self.most = head, tail
        self.head, self.tail, self.total = bytearray(), bytearray(), 0
        self.mark = b'\0' + os.urandom(16)

    def __enter__(self):
        self.inlet, outlet = os.pipe()
        self.saved = [os.dup(1), os.dup(2)]
        self.streams = sys.stdout, sys.stderr
        for descriptor in (1, 2):
            os.dup2(outlet, descriptor)
        os.close(outlet)
        sys.stdout, sys.stderr = Output(1), Output(2)
        self.thread = threading.Thread(target=self.pump, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        sys.stdout, sys.stderr = self.streams
        # What a process that the code has left behind writes from now on is not told.
        os.write(1, self.mark)
        for descriptor, saved in zip((1, 2), self.saved):
            os.dup2(saved, descriptor)
            os.close(saved)
        self.thread.join(5)
        os.close(self.inlet)

    def pump(self):
        held = b''
        while True:
            piece = os.read(self.inlet, 65536)
            held += piece
            end = held.find(self.mark)
            if end >= 0 or not piece:
                self.keep(held[:end] if end >= 0 else held)
                return
            # The mark may come in two pieces.
            self.keep(held[:-len(self.mark)])
            held = held[-len(self.mark):]

    def keep(self, piece):
        self.total += len(piece)
        room = self.room - len(self.head)
        self.head += piece[:max(room, 0)]
        self.tail += piece[max(room, 0):]
        del self.tail[:-self.most]


class Limit:
    """Raises KeyboardInterrupt in the code when its time is up, and again each second while it goes on."""

    def __init__(self, notebook, seconds):
        self.notebook, self.seconds = notebook, seconds
        self.is_late = False
        self.is_over = threading.Event()
        # What is over is not interrupted: that would hit whoever waits for it.
        self.lock = threading.Lock()
        self.thread = threading.current_thread()
        self.is_main = self.thread is threading.main_thread()

    def __enter__(self):
        if self.is_main:
            self.before = signal.signal(signal.SIGINT, self.interrupt)
        threading.Thread(target=self.watch, daemon=True).start()
        return self

    def __exit__(self, *_):
        with self.lock:
            self.is_over.set()
        if self.is_main:
            signal.signal(signal.SIGINT, self.before)

    def interrupt(self, *_):
        if self.notebook.is_running:
            raise KeyboardInterrupt

    def watch(self):
        seconds = self.seconds
        while not self.is_over.wait(seconds):
            with self.lock:
                if self.is_over.is_set():
                    return
                self.is_late, seconds = True, 1
                self.hit()

    def hit(self):
        if self.is_main:
            signal.pthread_kill(self.thread.ident, signal.SIGINT)
        elif self.notebook.is_running:
            import ctypes
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.thread.ident), ctypes.py_object(KeyboardInterrupt))
`;
