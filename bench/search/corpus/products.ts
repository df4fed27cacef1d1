/** The products of a company that does not exist. `kinds` are what people call such a thing. */
export interface Product {
  name: string;
  code: string;
  kinds: readonly [string, string, string];
  part: string;
  place: string;
  /** Where the numbers of its articles come from. */
  seed: number;
}

const LINES: readonly [name: string, code: string, kinds: Product['kinds'], part: string, place: string][] = [
  ['Aldermoor', 'KX-2140', ['kettle', 'water boiler', 'jug'], 'heating plate', 'kitchen counter'],
  ['Brackwater', 'PM-3300', ['pump', 'sump drainer', 'water lifter'], 'impeller', 'cellar'],
  ['Calderstone', 'OV-0910', ['oven', 'stove', 'range'], 'door seal', 'kitchen'],
  ['Dunmarrow', 'LM-7715', ['lawnmower', 'grass cutter', 'mowing machine'], 'cutting blade', 'garden shed'],
  ['Eskerdale', 'HT-4402', ['heater', 'radiator', 'space warmer'], 'thermostat', 'living room'],
  ['Fenwhistle', 'FN-1188', ['fan', 'ventilator', 'air mover'], 'rotor', 'attic'],
  ['Garrowby', 'DR-6021', ['drill', 'boring tool', 'power screwdriver'], 'chuck', 'workbench'],
  ['Hallowfen', 'DH-5530', ['dehumidifier', 'damp remover', 'moisture trap'], 'condenser coil', 'laundry room'],
  ['Inglebeck', 'CF-2077', ['coffee machine', 'espresso maker', 'brewer'], 'brew group', 'office pantry'],
  ['Jarrowmere', 'VC-8140', ['vacuum cleaner', 'hoover', 'dust collector'], 'suction hose', 'hallway'],
  ['Kestrelby', 'DL-3909', ['door lock', 'latch', 'entry bolt'], 'keypad', 'front door'],
  ['Larkhowe', 'LP-1450', ['lamp', 'luminaire', 'light fitting'], 'dimmer', 'study'],
  ['Millbrack', 'MX-6606', ['mixer', 'dough kneader', 'stirrer'], 'beater', 'bakery'],
  ['Netherwick', 'FR-9012', ['freezer', 'ice chest', 'cold store'], 'compressor', 'garage'],
  ['Oakenshaw', 'SW-4187', ['saw', 'timber cutter', 'ripping machine'], 'guide rail', 'workshop'],
  ['Pellinore', 'PR-7003', ['printer', 'label press', 'marking unit'], 'ink roller', 'packing bench'],
  ['Quenby', 'RB-2525', ['robot arm', 'manipulator', 'pick-and-place unit'], 'gripper', 'assembly line'],
  ['Rushmere', 'SP-3141', ['loudspeaker', 'sound box', 'audio monitor'], 'woofer cone', 'lounge'],
  ['Sallowfield', 'TR-5809', ['treadmill', 'running belt', 'jogging trainer'], 'drive belt', 'gym'],
  ['Thornmoss', 'GN-9400', ['generator', 'emergency power unit', 'genset'], 'spark plug', 'construction site'],
  ['Ulverbank', 'CM-6277', ['camera', 'video recorder', 'surveillance eye'], 'lens ring', 'driveway'],
  ['Vennimoor', 'WM-1902', ['washing machine', 'laundry washer', 'spin tub'], 'drum bearing', 'utility room'],
  ['Wexcombe', 'AC-8850', ['air conditioner', 'room cooler', 'chiller'], 'evaporator', 'bedroom'],
  ['Yarrowdale', 'BK-3366', ['bicycle motor', 'e-bike drive', 'pedal assist'], 'crank sensor', 'bike cellar'],
  ['Zelborough', 'SC-7421', ['scale', 'weighing platform', 'balance'], 'load cell', 'warehouse'],
];

export const PRODUCTS: readonly Product[] = LINES.map(([name, code, kinds, part, place], at) => ({ name, code, kinds, part, place, seed: at + 1 }));
