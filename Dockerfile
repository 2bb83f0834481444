# The program as a container: web, worker and migrate are the same image with another argument.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -ldflags '-s -w' -o /liaison ./cmd/liaison

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates fonts-wqy-microhei && rm -rf /var/lib/apt/lists/* && useradd --system liaison
COPY --from=build /liaison /usr/local/bin/liaison
USER liaison
ENTRYPOINT ["/usr/local/bin/liaison"]
