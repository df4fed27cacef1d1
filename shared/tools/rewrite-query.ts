/** What people put around a question, in English: it says nothing of what is looked for, and finds whatever else has these words. */
const SCAFFOLDING = [
  /^(hi|hello|hey|good (morning|afternoon|evening))( there)?\b[\s,!.]*/i,
  /^please\b[\s,]*/i,
  /^(can|could|would|will) (you|we|i|someone|anybody) (please )?(kindly )?(tell|show|give|explain|describe|find|look up|help|list|summari[sz]e)( me| us)?( to)?( out)?( about)?\b[\s,:]*/i,
  /^(i|we) (want|need|would like|'d like|wish) to (know|find( out)?|see|understand|learn)( about| more about)?\b[\s,:]*/i,
  /^(i|we) (wonder|am wondering|was wondering|are wondering)( if| whether)?\b[\s,:]*/i,
  /^(do|does) (you|anybody|anyone|someone) (happen to )?know( about)?\b[\s,:]*/i,
  /^(tell|show|give|explain( to)?|find|describe( to)?|remind) (me|us)( about)?\b[\s,:]*/i,
  /^(what|who|where|when|which)( is|'s| are| was| were)( the| a| an)?\b[\s,:]*/i,
  /^(how|why) (do|does|did|can|could|should|would|is|are|was|were) (i|you|we|one|it|they)?\b[\s,:]*/i,
  /[\s,]*\b(please|thanks|thank you|thx|for me|if you can|if possible)[\s.!?]*$/i,
  /[\s?!.]+$/,
];

/** In characters. A longer query is no question with something around it. */
const LONGEST = 1000;

/** The query without what people put around a question, where anything is left of it. The same words come from the same query always. */
export function rewriteQuery(query: string): string {
  if (query.length > LONGEST) return query;
  let text = query.replace(/\s+/g, ' ').trim();
  for (let before = ''; before !== text; ) {
    before = text;
    for (const pattern of SCAFFOLDING) text = text.replace(pattern, '').trim();
  }
  return text === '' ? query : text;
}
