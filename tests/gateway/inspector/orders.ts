interface Order {
  id: number;
  price: number;
}

class OrderBook {
  constructor(readonly orders: Order[]) {}
}

const book = new OrderBook([
  { id: 1, price: 40 },
  { id: 2, price: 2 },
]);

function total(orders: Order[]): number {
  let sum = 0;
  for (const order of orders) {
    sum += order.price;
  }
  return sum;
}

function fibonacci(n: number): number {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

export default {
  fetch(request: Request): Response {
    let n = 0;
    const { pathname } = new URL(request.url);
    if (pathname === "/debugger") {
      debugger;
      return new Response(n < 0 ? "" : "went on");
    }
    if (pathname === "/work") return new Response(`${fibonacci(24)}`);
    if (pathname === "/loop") for (;;) n++;
    const sum = total(book.orders);
    console.log("total", { sum });
    return new Response(`sum ${sum}`);
  },
};
