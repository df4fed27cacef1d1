import { openai7 } from './clients/openai-7.ts';
import { attachments } from './scenarios/attachments.ts';
import { fileSearch } from './scenarios/file-search.ts';
import { useStage } from './stage.ts';

const use = useStage(openai7);
fileSearch(use);
attachments(use);
