/**
 * What a session of the Code Interpreter is told first, and what it is asked after that. The service's own way of telling what code has done
 * keeps the two outputs apart, and says nothing of files: this does it in the session, and answers in one line of JSON, behind a word of the asker's.
 */
import { DATA_FOLDER, MOST_IMAGES, MOST_IMAGE_BYTES, MOST_LOG_BYTES } from '../ports/sandbox.ts';
import { LOG_TAIL_BYTES } from '../sandbox/logs.ts';
import { NOTEBOOK } from '../sandbox/notebook.ts';
import { DATA_SHIM } from './sandbox-shim.ts';
import { WATCH } from './sandbox-watch.ts';

/** Below the folder that the service puts files in: where they wait to be taken, and where pictures are kept. */
export const STAGE = 'threadkeep';

const DRIVER = String.raw`
import base64, errno, hashlib, json, os, re, shutil, stat, sys

ROOT = os.getcwd()
STAGE = os.path.join(ROOT, '${STAGE}')
# An execution that has made more of them than this is not looked at any further.
MOST_ENTRIES = 20000


class Driver:
    def __init__(self):
        os.makedirs(STAGE, exist_ok=True)
        self.data = place_data(ROOT)
        os.chdir(self.data)
        os.environ['MPLBACKEND'] = 'module://' + FIGURES
        self.images = []
        self.notebook = Notebook(self.show)
        if 'matplotlib' in sys.modules:
            sys.modules['matplotlib'].use(os.environ['MPLBACKEND'])

    def show(self, png):
        if len(self.images) < ${MOST_IMAGES} and sum(self.images) + len(png) <= ${MOST_IMAGE_BYTES}:
            with open(self.image(len(self.images)), 'wb') as file:
                file.write(png)
            self.images.append(len(png))
        else:
            print('[a picture of %d bytes was left out: there were too many, or too large]' % len(png), file=sys.stderr)

    def image(self, number):
        return os.path.join(STAGE, 'image-%d' % number)

    def execute(self, code, seconds):
        self.images = []
        before = self.look()
        with Capture(${MOST_LOG_BYTES - LOG_TAIL_BYTES}, ${LOG_TAIL_BYTES}) as said:
            with Limit(self.notebook, seconds) as limit:
                outcome = self.notebook.run(code)
        head, tail = (self.shown(bytes(part)) for part in (said.head, said.tail))
        after = self.look()
        return {
            'outcome': 'timed_out' if limit.is_late else outcome,
            'head': text(head), 'dropped': said.total - len(said.head) - len(said.tail), 'tail': text(tail),
            'images': self.images,
            'files': [[path, seen[0]] for path, seen in sorted(after.items()) if before.get(path) != seen][:1000],
        }

    def shown(self, said):
        """Paths as the code knows them, and tracebacks without what is ours."""
        said = said.replace(os.fsencode(self.data), b'${DATA_FOLDER}')
        return re.sub(rb'  File "<threadkeep>", line \d+, in \w+\n', b'', said)

    def look(self):
        """Plain files below the data folder: size, time of change, inode."""
        found, entries = {}, 0
        for folder, folders, names in os.walk(self.data):
            entries += len(folders) + len(names)
            if entries > MOST_ENTRIES:
                break
            for name in names:
                place = os.path.join(folder, name)
                try:
                    seen = os.lstat(place)
                except OSError:
                    continue
                if stat.S_ISREG(seen.st_mode):
                    found[os.path.relpath(place, self.data)] = (seen.st_size, seen.st_mtime_ns, seen.st_ino)
        return found

    def take(self, path, token, parts, sha256):
        """A file that was staged in parts becomes one of the code's; false when it did not arrive as it was sent."""
        pieces = [os.path.join(STAGE, '%s-%d' % (token, number)) for number in range(parts)]
        whole, digest = os.path.join(STAGE, token), hashlib.sha256()
        try:
            with open(whole, 'wb') as file:
                for piece in pieces:
                    with open(piece, 'rb') as part:
                        content = part.read()
                    digest.update(content)
                    file.write(content)
                    os.unlink(piece)
            if digest.hexdigest() != sha256:
                return 'altered'
            place = os.path.join(self.data, path)
            try:
                os.makedirs(os.path.dirname(place), exist_ok=True)
                move(whole, place)
            except OSError:
                return 'no_place'
            return 'taken'
        except FileNotFoundError:
            return 'missing'
        except OSError:
            return 'no_room'
        finally:
            self.discard(token, parts)
            if os.path.lexists(whole):
                os.unlink(whole)

    def discard(self, token, parts):
        """What is left of a file that was staged."""
        for number in range(parts):
            place = os.path.join(STAGE, '%s-%d' % (token, number))
            if os.path.lexists(place):
                os.unlink(place)

    def slice(self, path, image, start, most):
        """A piece of a file, and a stamp that tells whether it is still the same; null when there is no such file."""
        place = self.image(image) if path is None else os.path.join(self.data, path)
        try:
            descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        try:
            seen = os.fstat(descriptor)
            if not stat.S_ISREG(seen.st_mode):
                return None
            content = os.pread(descriptor, most, start)
            return {'bytes': seen.st_size, 'stamp': '%d %d' % (seen.st_ino, seen.st_mtime_ns), 'content': text(content)}
        finally:
            os.close(descriptor)

    def answer(self, word, asked):
        asked = json.loads(asked)
        print(word + json.dumps(getattr(self, asked.pop('do'))(**asked)))


def move(source, target):
    try:
        os.replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        if os.path.islink(target):
            os.unlink(target)
        shutil.copyfile(source, target)


def text(content):
    return base64.b64encode(content).decode()
`;

/** In Python, a text of JSON is a literal of the same text. */
const literal = (text: string): string => JSON.stringify(text);

/** To be executed once, before anything else: prints `word`. The one name that it leaves is nobody's but ours. */
export const beginning = (word: string): string => `import types as _threadkeep
_threadkeep = _threadkeep.ModuleType('_threadkeep')
exec(compile(${literal(`${DATA_SHIM}\n${NOTEBOOK}\n${WATCH}\n${DRIVER}`)}, '<threadkeep>', 'exec'), _threadkeep.__dict__)
_threadkeep = _threadkeep.Driver()
print(${literal(word)})
`;

export type Question =
  | { do: 'execute'; code: string; seconds: number }
  | { do: 'take'; path: string; token: string; parts: number; sha256: string }
  | { do: 'discard'; token: string; parts: number }
  | { do: 'slice'; path: string | null; image: number | null; start: number; most: number };

/** The answer is the line behind `word` in what this prints. */
export const asking = (word: string, question: Question): string => `_threadkeep.answer(${literal(word)}, ${literal(JSON.stringify(question))})`;
