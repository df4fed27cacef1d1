/**
 * Executes code as a notebook does, in the interpreter that it is loaded in: Python of the standard library alone, kept as a string so that a
 * bundle has it. It writes to sys.stdout and sys.stderr and knows nothing of who listens.
 *
 *   notebook = Notebook(show)   # show(png: bytes) is called for every picture
 *   notebook.run(code)          # 'ok' or 'error'; never raises
 *   notebook.interrupt          # a handler for SIGINT
 */
export const NOTEBOOK = String.raw`
import ast, builtins, linecache, os, sys, traceback, types

FIGURES = 'threadkeep_figures'
# A recursion without Python's usual limit can leave a million frames, and a minute's work to tell of them.
MOST_FRAMES = 3000
LAST_FRAMES = 30


class Notebook:
    def __init__(self, show):
        self.show = show
        self.number = 0
        self.is_running = False
        self.pid = os.getpid()
        # A true __main__, or pickle and multiprocessing would not find what the code defines.
        main = types.ModuleType('__main__')
        main.__builtins__ = builtins
        sys.modules['__main__'] = main
        self.names = main.__dict__
        builtins.display = self.display
        builtins.exit = builtins.quit = leave
        sys.meta_path.append(Finder(show))

    def run(self, code):
        self.number += 1
        file = '<cell %d>' % self.number
        linecache.cache[file] = (len(code), None, code.splitlines(True), file)
        outcome = 'ok'
        try:
            self.is_running = True
            try:
                self.execute(code, file)
                self.show_figures()
            finally:
                self.is_running = False
        except SystemExit as left:
            self.is_running = False  # Once more: the interrupt may have come just before it was said.
            if os.getpid() == self.pid and left.code not in (None, 0):
                outcome = 'error'
                complain('SystemExit: %s' % (left.code,))
        except BaseException as error:
            self.is_running = False
            outcome = 'error'
            if os.getpid() == self.pid:
                self.tell(error)
        # What a fork of the code's own has come to ends here: there is one notebook.
        if os.getpid() != self.pid:
            os._exit(0)
        self.drop_figures()
        flush()
        return outcome

    def interrupt(self, number, frame):
        """A handler for SIGINT. What comes when nothing runs any more is late."""
        if self.is_running:
            raise KeyboardInterrupt

    def execute(self, code, file):
        tree = ast.parse(code, file)
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not code.rstrip().endswith(';'):
            last = ast.Expression(tree.body.pop().value)
        if tree.body:
            exec(compile(tree, file, 'exec'), self.names)
        if last is None:
            return
        value = eval(compile(last, file, 'eval'), self.names)
        if value is not None:
            self.names['_'] = value
            self.display(value)

    def display(self, *values):
        for value in values:
            picture = self.picture(value)
            if picture is None:
                print(repr(value))
            else:
                self.show(picture)

    def picture(self, value):
        """A figure is shown when the cell ends, like every figure that is open; of anything else that can be one, its PNG."""
        if isinstance(value, type):
            return None
        make = getattr(value, '_repr_png_', None)
        png = make() if callable(make) else None
        return bytes(png) if isinstance(png, (bytes, bytearray)) else None

    def show_figures(self):
        figures = sys.modules.get(FIGURES)
        if figures is not None:
            figures.show()

    def drop_figures(self):
        pyplot = sys.modules.get('matplotlib.pyplot')
        try:
            if pyplot is not None:
                pyplot.close('all')
        except BaseException:
            pass

    def tell(self, error):
        """The traceback without what is ours: what executes the code is not the code's business."""
        try:
            limit = None if depth(error) <= MOST_FRAMES else -LAST_FRAMES
            told = traceback.TracebackException(type(error), error, error.__traceback__, limit=limit)
            own = tell_apart(told.stack, limit)
            told.stack = traceback.StackSummary.from_list(own)
            told = ''.join(told.format() if own else told.format_exception_only())
        except BaseException:
            told = type(error).__name__ + '\n'
        complain(told)


class Finder:
    """Makes the backend of matplotlib that draws to memory, when matplotlib asks for it and not before."""

    def __init__(self, show):
        self.show_png = show

    def find_spec(self, name, path=None, target=None):
        if name != FIGURES:
            return None
        from importlib.machinery import ModuleSpec
        return ModuleSpec(name, self)

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        import io
        from matplotlib import pyplot
        from matplotlib.backend_bases import FigureManagerBase
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        def new_figure_manager(num, *args, FigureClass=Figure, **kwargs):
            return new_figure_manager_given_figure(num, FigureClass(*args, **kwargs))

        def new_figure_manager_given_figure(num, figure):
            return FigureManagerBase(FigureCanvasAgg(figure), num)

        def show(*args, **kwargs):
            for number in pyplot.get_fignums():
                figure = pyplot.figure(number)
                if figure.get_axes() or figure.texts or figure.images:
                    file = io.BytesIO()
                    figure.savefig(file, format='png')
                    self.show_png(file.getvalue())
            pyplot.close('all')

        module.FigureCanvas = FigureCanvasAgg
        module.FigureManager = FigureManagerBase
        module.new_figure_manager = new_figure_manager
        module.new_figure_manager_given_figure = new_figure_manager_given_figure
        module.show = show


def depth(error):
    """Frames of its traceback and of those that it came from, together."""
    count, seen = 0, set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        trace = error.__traceback__
        while trace is not None:
            count, trace = count + 1, trace.tb_next
        error = error.__cause__ or error.__context__
    return count


def tell_apart(stack, limit):
    """Without the frames that led to the code, and without our own handler at the end."""
    frames = list(stack)
    while frames and limit is None and not frames[0].filename.startswith('<cell '):
        frames.pop(0)
    return [frame for frame in frames if frame.filename != '<notebook>']


def leave(code=None):
    raise SystemExit(code)


def complain(text):
    try:
        sys.stderr.write(text if text.endswith('\n') else text + '\n')
    except BaseException:
        pass


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            pass
`;
