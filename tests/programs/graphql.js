// A GraphQL endpoint (https://graphql.org/learn/serving-over-http/) with graphql-js.
import { buildSchema, graphql, GraphQLError, parse, specifiedRules, validate } from "graphql";

const schema = buildSchema(`
  enum Kind { BOOK FILM }
  interface Work { id: ID!  title: String!  kind: Kind! }
  type Book implements Work { id: ID!  title: String!  kind: Kind!  pages: Int  author: Author! }
  type Film implements Work { id: ID!  title: String!  kind: Kind!  minutes: Int }
  type Author { name: String!  works(first: Int = 10): [Work!]! }
  input NewBook { title: String!  pages: Int }
  type Query { work(id: ID!): Work  works(kind: Kind): [Work!]!  origin(path: String!): String!  secret: String }
  type Mutation { add(book: NewBook!): Book! }
`);

const ann = { name: "Ann", works: ({ first }) => works.slice(0, first) };
const works = [
  { __typename: "Book", id: "1", title: "Turns", kind: "BOOK", pages: 80, author: ann },
  { __typename: "Film", id: "2", title: "Isolates", kind: "FILM", minutes: 90 },
];

const root = {
  work: ({ id }) => works.find((work) => work.id === id),
  works: ({ kind }) => works.filter((work) => kind === undefined || work.kind === kind),
  async origin({ path }, { env }) {
    return (await fetch(new URL(path, env.ORIGIN))).text();
  },
  secret() {
    throw new GraphQLError("not for you", { extensions: { code: "FORBIDDEN" } });
  },
  add: ({ book }) => ({ __typename: "Book", id: "3", kind: "BOOK", author: ann, ...book }),
};

async function question(request) {
  if (request.method === "POST") return request.json();
  const { searchParams } = new URL(request.url);
  const variables = searchParams.get("variables");
  return { query: searchParams.get("query"), variables: variables && JSON.parse(variables) };
}

function answer(status, result) {
  return Response.json(result, {
    status,
    headers: { "content-type": "application/graphql-response+json" },
  });
}

export default {
  async fetch(request, env) {
    const { query, variables, operationName } = await question(request);
    if (typeof query !== "string") return answer(400, { errors: [{ message: "no query" }] });
    let problems;
    try {
      problems = validate(schema, parse(query), specifiedRules);
    } catch (error) {
      problems = [error];
    }
    if (problems.length > 0) return answer(400, { errors: problems });
    const result = await graphql({
      schema,
      source: query,
      rootValue: root,
      contextValue: { env },
      variableValues: variables,
      operationName,
    });
    return answer(200, result);
  },
};
