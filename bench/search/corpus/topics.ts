/**
 * What the articles are about. Each sentence is there in three wordings that share few words; an article has one of them, other products' articles
 * another, and a question asks in words that the article it is about does not have. {…} is filled in from the product and the article's number.
 */
export interface Topic {
  id: string;
  title: readonly [string, string, string];
  sentences: readonly (readonly [string, string, string])[];
  /** {name} or {kind} say what is meant; which one decides how much a search for words has to go by. */
  questions: readonly [string, string, string];
}

export const TOPICS: readonly Topic[] = [
  {
    id: 'setup',
    title: ['Installation', 'Putting it in place', 'First assembly'],
    sentences: [
      ['Unpack the {kind} and mount it on a level surface in the {place}.', 'Take the unit out of its carton and fix it to an even base.', 'Remove the wrapping, then assemble it on flat ground.'],
      ['Tighten the four bolts with a torque of {n} newton metres.', 'Fasten the screws crosswise until they hold at {n} Nm.', 'Secure the fixings firmly; {n} newton metres are enough.'],
      ['Connect the mains lead only when the mounting is finished.', 'Plug in the power cord as the very last step of assembling.', 'Attach the electric cable after everything has been screwed on.'],
    ],
    questions: ['What must be done to assemble the {name} after taking it out of the carton?', 'How do I mount a new {kind} on a level base?', 'Which screws hold the {name} to its base, and when is the cord plugged in?'],
  },
  {
    id: 'cleaning',
    title: ['Cleaning', 'Washing and hygiene', 'Removing dirt'],
    sentences: [
      ['Wipe the {part} with a damp cloth and a mild detergent once in {n} days.', 'Rinse away dirt from the {part} with lukewarm suds every {n} days.', 'Scrub grime off the {part} using a soft brush and soapy water after {n} days.'],
      ['Never use abrasive powder or solvents, which would dull the finish.', 'Scouring agents and bleach scratch and stain the coating.', 'Harsh chemicals and steel wool ruin the varnish.'],
      ['Let it dry completely before you switch the {kind} on again.', 'Moisture has to evaporate before the next use.', 'Leave it to air until no wetness is left.'],
    ],
    questions: ['How often should dirt be rinsed off the {name}?', 'May I scrub my {kind} with steel wool or bleach?', 'What soap and cloth are right for wiping the {name}?'],
  },
  {
    id: 'warranty',
    title: ['Warranty', 'Guarantee conditions', 'Free repair period'],
    sentences: [
      ['The warranty for the {kind} covers manufacturing faults for {n} months.', 'We guarantee free repair of production defects during {n} months.', 'Flaws from the factory are mended at no charge within {n} months.'],
      ['Keep the receipt, since a claim needs proof of purchase.', 'Send the invoice along with your demand.', 'Whoever asks for it shows the bill of the shop.'],
      ['Wear, misuse and unauthorised modification void the coverage.', 'Normal ageing, abuse or tampering are excluded from the guarantee.', 'Nothing is paid for worn-out items or home-made changes.'],
    ],
    questions: ['Until when are factory flaws of the {name} mended at no charge?', 'Is the guarantee lost when somebody tampers with the {kind}?', 'Do I need the invoice for a claim about the {name}?'],
  },
  {
    id: 'fault',
    title: ['Error code E{code}', 'Fault message E{code}', 'What E{code} on the display means'],
    sentences: [
      ['When the display shows E{code}, the {part} has reported an error.', 'E{code} lights up if a malfunction was detected at the {part}.', 'The panel flashes E{code} after the {part} has failed a check.'],
      ['Reset the {kind} by holding the power key for {n} seconds.', 'Restart it: press the main switch and count to {n}.', 'Reboot the device with the on button pushed down, {n} seconds long.'],
      ['If the error returns, order service and state the serial number.', 'Should the malfunction persist, call a technician and name the serial.', 'Does the message come back, book a repair visit.'],
    ],
    questions: ['What does E{code} stand for?', 'My {kind} flashes a malfunction on its panel; how can I reboot it?', '{code2}: message E{code} keeps coming back'],
  },
  {
    id: 'noise',
    title: ['Unusual noise', 'Rattling and humming', 'When it gets loud'],
    sentences: [
      ['A rattling noise of the {kind} usually means that the {part} is loose.', 'Humming and buzzing sounds come from a {part} which is out of true.', 'If it gets loud and clatters, look whether the {part} wobbles.'],
      ['Above {n} decibels stop the {kind} at once.', 'Halt operation when a meter reads more than {n} dB.', 'More than {n} decibels are a reason to turn it off.'],
      ['Vibration is damped by rubber feet from the accessories kit.', 'Shaking becomes weaker on anti-vibration pads.', 'A mat underneath swallows the trembling.'],
    ],
    questions: ['Why does the {name} buzz and clatter?', 'What helps against the shaking and trembling of a {kind}?', 'At how many dB should the {name} be halted?'],
  },
  {
    id: 'storage',
    title: ['Storage in winter', 'Laying up for the cold season', 'Keeping it through the frost'],
    sentences: [
      ['Store the {kind} in a dry place above {n} degrees during winter.', 'In the cold season keep it where it never gets below {n} °C.', 'Frost harms it: {n} degrees is the least for laying it up.'],
      ['Drain all liquid first, for ice would crack the housing.', 'Empty every tank, because frozen water bursts the casing.', 'Let remaining fluid out so that freezing breaks nothing.'],
      ['Cover it against dust and take the batteries out.', 'Protect it with a sheet and remove the accumulators.', 'A hood keeps dirt away; cells are to be stored apart.'],
    ],
    questions: ['How is the {name} kept through the frost?', 'Can freezing water burst the casing of a {kind} over the cold season?', 'Where should the {name} be laid up for winter?'],
  },
  {
    id: 'returns',
    title: ['Returning goods', 'Sending it back', 'Refund within the trial period'],
    sentences: [
      ['You may return the {kind} within {n} days for a full refund.', 'Send it back inside {n} days and get your money again.', 'Inside the trial time of {n} days we reimburse the whole price.'],
      ['Pack it in the original box and stick the return label on.', 'Use the first packaging and the prepaid parcel sticker.', 'The courier collects it if the carton bears our form.'],
      ['The refund goes to the account that was charged.', 'Reimbursement is credited to your card.', 'The sum is transferred to the bank from which it came.'],
    ],
    questions: ['I do not like the {name}: how do I get my money back?', 'Who pays the parcel when a {kind} is sent back, and where is the price reimbursed?', 'How many days has a customer for a refund of the {name}?'],
  },
  {
    id: 'spares',
    title: ['Spare part {code2}-{n}', 'Replacing the {part}', 'Ordering number {code2}-{n}'],
    sentences: [
      ['The {part} is available as spare part {code2}-{n}.', 'Order a replacement {part} under the number {code2}-{n}.', 'A new {part} is listed in the catalogue as {code2}-{n}.'],
      ['Exchange it when it shows cracks or more than two millimetres of wear.', 'Swap it as soon as it is torn or worn thin.', 'Substitute it if there are fissures or abrasion.'],
      ['Disconnect the {kind} from the mains before you open the cover.', 'Unplug the cord, then lift the lid.', 'Cut the electricity and unscrew the hatch.'],
    ],
    questions: ['part number of the {part} for {code2}', 'When does the {part} of the {name} have to be swapped?', 'Which {part} fits my {kind}, and what is it called in the catalogue?'],
  },
  {
    id: 'safety',
    title: ['Safety instructions', 'Preventing accidents', 'Dangers and how to avoid them'],
    sentences: [
      ['Keep children at least {n} metres away from the running {kind}.', 'Minors have to stay {n} m clear while it operates.', 'Infants and pets must not come closer than {n} metres.'],
      ['Wear goggles and gloves, for there is a risk of injury.', 'Eye protection and mittens prevent wounds.', 'Cuts and burns are avoided by protective clothing.'],
      ['In an emergency pull the red handle, which stops everything.', 'The scarlet lever halts the machine when danger threatens.', 'Hit the stop knob if an accident is about to happen.'],
    ],
    questions: ['How far must kids and pets stay from the {name}?', 'What protective clothing avoids wounds when working with a {kind}?', 'Which lever halts the {name} when danger threatens?'],
  },
];
