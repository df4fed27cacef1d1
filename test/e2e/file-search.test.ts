import { openai7 } from './clients/openai-7.ts';
import { useStage } from './stage.ts';
import { fileSearch } from './scenarios/file-search.ts';

fileSearch(useStage(openai7));
