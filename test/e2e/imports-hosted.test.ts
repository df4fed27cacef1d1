import { openai7 } from './clients/openai-7.ts';
import { importsOfTheHosted } from './scenarios/imports-hosted.ts';
import { useStage } from './stage.ts';

importsOfTheHosted(useStage(openai7));
