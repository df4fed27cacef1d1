/** Synthesizes the harness's stage into the folder that is given: the main file of a child process, since it takes seconds of pure work. */
import { cloudStage } from '../stages.ts';
import { synthesize } from './assembly.ts';

const [outdir] = process.argv.slice(2);
if (outdir === undefined) throw new Error('usage: synthesize-main.ts FOLDER');
synthesize(cloudStage, outdir);
