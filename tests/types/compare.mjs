// What two types say differently, field by field, by the compiler's own reading of them. Ours may say less than theirs where
// fields that are not listed pass; what it does say has to be theirs.

/**
 * `seen` is shared: what is used in many places is told for the first of them.
 * @returns {string[]} one line for each difference, in a fixed order
 */
export function differences(ts, checker, name, ours, theirs, isRequest, seen) {
  const found = new Set();
  const tell = (path, what) => found.add(`${path}: ${what}`);

  const { TypeFlags } = ts;
  const has = (type, flag) => (type.flags & flag) !== 0;
  const membersOf = (type) => (type.isUnion() ? type.types : [type]);

  /** `string & {}`: any text, written so that choices beside it are completed. */
  const isOpenText = (type) => type.isIntersection() && type.types.some((part) => has(part, TypeFlags.String));

  /** A type as the kinds of values that it has. */
  function kindsOf(type) {
    const kinds = { choices: new Set(), texts: false, open: false, numbers: false, booleans: false, isNull: false, isAny: false, lists: [], objects: [] };
    for (const member of membersOf(type)) {
      if (has(member, TypeFlags.Any | TypeFlags.Unknown)) kinds.isAny = true;
      else if (has(member, TypeFlags.Undefined | TypeFlags.Never)) continue;
      else if (has(member, TypeFlags.Null)) kinds.isNull = true;
      else if (member.isStringLiteral()) kinds.choices.add(member.value);
      else if (isOpenText(member)) kinds.open = true;
      else if (has(member, TypeFlags.String | TypeFlags.TemplateLiteral)) kinds.texts = true;
      else if (has(member, TypeFlags.NumberLike)) kinds.numbers = true;
      else if (has(member, TypeFlags.BooleanLike)) kinds.booleans = true;
      else if (checker.isArrayType(member) || checker.isTupleType(member)) kinds.lists.push(...checker.getTypeArguments(member));
      // A list that the document says twice: once as every answer's, once as this one's.
      else if (member.isIntersection() && member.types.every((part) => checker.isArrayType(part))) {
        kinds.lists.push(...member.types.map((part) => checker.getTypeArguments(part)[0]).sort((a, b) => membersOf(b).length - membersOf(a).length).slice(0, 1));
      } else kinds.objects.push(member);
    }
    return kinds;
  }

  const fieldsOf = (type) => new Map(checker.getPropertiesOfType(type).map((symbol) => [symbol.name, symbol]));
  const isOptional = (symbol) => (symbol.flags & ts.SymbolFlags.Optional) !== 0;
  const isOpenObject = (type) => checker.getIndexInfosOfType(type).length > 0;

  /** By which field variants of an object are told apart, and which values it has in each. */
  const TAGS = ["type", "role", "id", "mode"];
  const tagsOf = (type, tag) => {
    const symbol = fieldsOf(type).get(tag);
    return symbol ? [...kindsOf(checker.getTypeOfSymbol(symbol)).choices] : [];
  };

  function variants(path, ours, theirs) {
    // The tag that most of theirs have.
    const [tag, count] = TAGS.map((tag) => [tag, theirs.filter((type) => tagsOf(type, tag).length > 0).length]).sort((a, b) => b[1] - a[1])[0];
    if (count === 0 || !ours.some((type) => tagsOf(type, tag).length > 0)) {
      // One of ours may stand for several of theirs.
      for (const our of ours) merged(path, our, theirs);
      return;
    }
    const others = ours.find((type) => tagsOf(type, tag).length === 0 || isOpenTag(type, tag));
    const matches = new Map(ours.map((type) => [type, []]));
    const theirTags = new Set(theirs.flatMap((type) => tagsOf(type, tag)));
    for (const value of theirTags) {
      const own = ours.find((type) => tagsOf(type, tag).includes(value));
      if (own) matches.get(own).push(...theirs.filter((type) => tagsOf(type, tag).includes(value)));
      else if (!others) tell(`${path}<${value}>`, "not declared");
    }
    for (const [our, their] of matches) {
      const values = tagsOf(our, tag);
      const at = values.length === 1 ? `${path}<${values[0]}>` : path;
      if (their.length === 1 && values.length === 1) objects(at, our, their[0], tag);
      else if (their.length > 0) merged(at, our, their, tag);
    }
    if (theirs.some((type) => tagsOf(type, tag).length === 0)) return;
    for (const value of ours.flatMap((type) => tagsOf(type, tag))) if (!theirTags.has(value)) tell(`${path}<${value}>`, "not in the document");
  }

  /** One of ours that stands for several of theirs: a field has to be in one of them, and to hold what each has in it. */
  function merged(path, our, their, tag) {
    for (const [name, symbol] of fieldsOf(our)) {
      const others = their.map((type) => fieldsOf(type).get(name)).filter(Boolean);
      if (others.length === 0 && !their.some(isOpenObject)) tell(`${path}.${name}`, "not in the document");
      if (name === tag) continue;
      if (!isOptional(symbol) && (others.length < their.length || others.some(isOptional))) tell(`${path}.${name}`, isRequest ? "required here, optional in the document" : "always here, optional in the document");
      for (const other of others) values(`${path}.${name}`, checker.getTypeOfSymbol(symbol), checker.getTypeOfSymbol(other), true);
    }
  }

  const isOpenTag = (type, tag) => {
    const symbol = fieldsOf(type).get(tag);
    const kinds = symbol && kindsOf(checker.getTypeOfSymbol(symbol));
    return Boolean(kinds?.open || kinds?.texts);
  };

  function objects(path, our, their, tag) {
    const key = `${our.id} ${their.id} ${isRequest}`;
    if (seen.has(key)) return;
    seen.add(key);
    const [mine, document] = [fieldsOf(our), fieldsOf(their)];
    for (const [name, symbol] of mine) {
      if (name === tag) continue;
      const at = `${path}.${name}`;
      const other = document.get(name);
      if (!other) {
        if (!isOpenObject(their) || document.size > 0) tell(at, "not in the document");
        continue;
      }
      if (!isOptional(symbol) && isOptional(other)) tell(at, isRequest ? "required here, optional in the document" : "always here, optional in the document");
      if (isRequest && isOptional(symbol) && !isOptional(other)) tell(at, "optional here, required in the document");
      values(at, checker.getTypeOfSymbol(symbol), checker.getTypeOfSymbol(other));
    }
    // Where other fields do not pass, users cannot write them; in answers, they cannot read them.
    if (!isOpenObject(our)) for (const name of document.keys()) if (!mine.has(name)) tell(`${path}.${name}`, "not declared");
  }

  /** `isPart`: theirs is one of several that ours stands for, so that ours may be more. */
  function values(path, our, their, isPart = false) {
    const [mine, document] = [kindsOf(our), kindsOf(their)];
    if (mine.isAny || document.isAny) return;
    const isText = ({ choices, texts, open }) => texts || open || choices.size > 0;
    const kinds = { text: isText, number: ({ numbers }) => numbers, boolean: ({ booleans }) => booleans, list: ({ lists }) => lists.length > 0, object: ({ objects }) => objects.length > 0 };
    for (const [kind, of] of Object.entries(kinds)) {
      if (of(document) && !of(mine)) tell(path, `no ${kind} here, one in the document`);
      if (of(mine) && !of(document) && !isPart) tell(path, `${kind} here, none in the document`);
    }
    if (document.isNull && !mine.isNull) tell(path, "never null here, null in the document");
    if (isRequest && mine.isNull && !document.isNull && !isPart) tell(path, "null here, never in the document");
    if (document.choices.size > 0 && !document.texts) {
      // Plain text leaves the choice to the document.
      if (mine.choices.size > 0) {
        for (const choice of document.choices) if (!mine.choices.has(choice)) tell(path, `"${choice}" is not declared`);
        if (!isPart) for (const choice of mine.choices) if (!document.choices.has(choice)) tell(path, `"${choice}" is not in the document`);
      }
    } else if (document.texts && mine.choices.size > 0 && !mine.open && !mine.texts) tell(path, "a choice here, any text in the document");
    if (mine.lists.length > 0 && document.lists.length > 0) {
      const [inner, theirInner] = [mine.lists, document.lists].map((lists) => (lists.length === 1 ? lists[0] : undefined));
      if (inner && theirInner) values(`${path}[]`, inner, theirInner, isPart);
    }
    if (mine.objects.length > 0 && document.objects.length > 0) {
      if (mine.objects.length === 1 && document.objects.length === 1) objects(path, mine.objects[0], document.objects[0]);
      else variants(path, mine.objects, document.objects);
    }
  }

  values(name, ours, theirs);
  return [...found].sort();
}
