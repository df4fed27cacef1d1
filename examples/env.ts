/** The variables that OpenAI's own clients read, and the model to ask for. Any name will do for the demo model. */
export const baseURL = process.env['OPENAI_BASE_URL'] ?? 'http://127.0.0.1:4010/v1';
export const apiKey = process.env['OPENAI_API_KEY'] ?? 'sk-local';
export const model = process.env['MODEL'] ?? 'gpt-4o';
