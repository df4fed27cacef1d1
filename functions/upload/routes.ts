/** The URLs whose requests may be larger than API Gateway takes, those of Azure's clients among them; CloudFront knows them as these patterns (infra/stacks/uploads-stack.ts). */
export const UPLOAD_PATTERNS = ['/v1', '/openai', '/openai/v1'].flatMap((begin) => [`${begin}/files`, `${begin}/uploads/*/parts`]);

const asExpression = (pattern: string): RegExp => new RegExp(`^${pattern.replace('*', '[^/]+')}$`);
const expressions = UPLOAD_PATTERNS.map(asExpression);

export const isUploadPath = (pathname: string): boolean => expressions.some((expression) => expression.test(pathname));
