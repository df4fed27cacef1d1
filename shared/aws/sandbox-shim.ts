import { DATA_FOLDER } from '../ports/sandbox.ts';

/**
 * Gives code its data folder where nobody may make one at that path: the service runs it as a user who can write in one folder of its own. There the
 * functions that every library of Python goes through take the path for that folder. What opens files in C by itself, as some libraries
 * do (pyarrow, h5py, OpenCV), does not see it by its absolute path; relative paths work everywhere, since the code begins there.
 */
export const DATA_SHIM = String.raw`
import builtins, functools, io, os, re, sqlite3, subprocess

SHOWN = '${DATA_FOLDER}'
# The functions of os that take a path as their first argument, or as the second too. What walks through folders asks these.
ONE = 'access chdir chmod chown getxattr lchown link listdir listxattr lstat mkdir mkfifo mknod open pathconf readlink remove removexattr rename replace rmdir scandir setxattr stat statvfs symlink truncate unlink utime'
TWO = 'link rename replace symlink'


def place_data(root):
    """The data folder itself where it can be, else one below root that code is shown as that."""
    try:
        os.makedirs(SHOWN, exist_ok=True)
        if os.access(SHOWN, os.W_OK):
            return SHOWN
    except OSError:
        pass
    real = root + SHOWN
    os.makedirs(real, exist_ok=True)
    show_as_data(real)
    return real


def show_as_data(real):
    def led(path):
        try:
            plain = os.fspath(path)
        except TypeError:
            return path
        if isinstance(plain, bytes):
            shown, target = SHOWN.encode(), real.encode()
        else:
            shown, target = SHOWN, real
        if plain == shown or plain.startswith(shown + shown[:1]):
            return target + plain[len(shown):]
        return path

    def leading(function, places):
        @functools.wraps(function)
        def led_function(*args, **named):
            args = [led(arg) if place < places else arg for place, arg in enumerate(args)]
            named = {name: led(arg) if name in ('file', 'path', 'src', 'dst', 'top') else arg for name, arg in named.items()}
            return function(*args, **named)
        return led_function

    for name in ONE.split():
        if hasattr(os, name):
            setattr(os, name, leading(getattr(os, name), 2 if name in TWO.split() else 1))
    builtins.open = io.open = leading(builtins.open, 1)
    sqlite3.connect = leading(sqlite3.connect, 1)

    getcwd = os.getcwd
    os.getcwd = lambda: re.sub('^' + re.escape(real) + '(?=/|$)', SHOWN, getcwd())
    os.getcwdb = lambda: os.fsencode(os.getcwd())

    # A command is not a path, but it may name some.
    in_command = re.compile(r'(?<![\w/.-])' + SHOWN + r'(?![\w.-])')

    def led_command(command):
        if isinstance(command, str):
            return in_command.sub(real, command)
        if isinstance(command, (list, tuple)):
            return [led_command(word) for word in command]
        return led(command)

    begin = subprocess.Popen.__init__

    def led_begin(self, args, *rest, **named):
        if 'cwd' in named:
            named['cwd'] = led(named['cwd'])
        begin(self, led_command(args), *rest, **named)

    subprocess.Popen.__init__ = led_begin
    system = os.system
    os.system = lambda command: system(led_command(command))
`;
